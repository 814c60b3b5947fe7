"""All settings, and the only reader of the environment.

Precedence: command-line flags, then ``SCANNER_*`` environment variables, or the files that ``SCANNER_*_FILE``
name, then the TOML file named by ``--config`` or ``SCANNER_CONFIG``, then the defaults here.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from contract_first.files import read_text
from contract_first.service.http.origins import allowed_origins
from contract_first.service.request.json_bounds import MOST_LEVELS

from .ages import age_of
from .scanning.photos.photo_keys import PhotoKeys

MEBIBYTE = 1024 * 1024
MOST_BYTES = 64 * 1024
"""In the file of a setting."""


def _seconds(value: Any) -> float:
    try:
        return float(value.strip().removesuffix("s") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a time; expected seconds such as 60s") from None


def _as_template(text: str) -> str:
    PhotoKeys(text, bytes(16))
    return text


Age = Annotated[timedelta, BeforeValidator(lambda value: age_of(str(value))), "AGE"]
"""A number of hours, days or weeks with its unit: ``36h``, ``90d``, ``12w``."""

Port = Annotated[int, Field(ge=0, le=65535), "PORT"]
Bytes = Annotated[int, "BYTES"]
Seconds = Annotated[float, "SECONDS"]
WholeSeconds = Annotated[int, "SECONDS"]
Name = Annotated[str, "NAME"]
Url = Annotated[str, "URL"]
"""The text is what the help of the option says that it takes."""

MOCKED = frozenset(
    {"host", "port", "contract", "vendor_operations_only", "rate_limit_per_minute", "rate_limit_per_day"}
    | {"rate_limit_publishable_per_minute", "cors_origins", "trusted_proxies", "max_body_bytes"}
    | {"max_json_members", "max_json_levels", "max_json_digits", "max_upload_bytes", "max_target_bytes"}
    | {"session_ttl_seconds", "s3_region", "s3_key_template"}
    | {"s3_server_side_encryption", "s3_kms_key_id", "s3_acl", "presigned_expires_seconds", "check_photos"}
    | {"session_retention", "audit_retention", "extractor", "queued_per_organization", "queued_per_key"}
    | {"worker_concurrency", "lease_seconds", "sweep_seconds"}
)
"""Settings that `scanner-api mock` honours as well; the others are `serve`'s alone."""


class Settings(BaseSettings):
    """The settings, each with its unit, its limits and its default."""

    model_config = SettingsConfigDict(env_prefix="SCANNER_", extra="forbid", frozen=True)

    host: Annotated[str, "ADDRESS"] = Field(
        "127.0.0.1", description="Address to listen on; by default only this machine can connect."
    )
    port: Port = Field(8000, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Processes of `serve` that share the port; one that dies is restarted.",
    )
    lame_duck_seconds: Seconds = Field(
        5,
        ge=0,
        description="How long new requests are accepted after SIGTERM, while `/readyz` is 503, in seconds.",
    )
    shutdown_seconds: Seconds = Field(
        30, ge=0, description="How long requests may take after that, in seconds; longer ones get a 503."
    )
    response_seconds: Seconds = Field(
        8,
        ge=0,
        description="How long a response may take once its request is there, in seconds, which should be "
        "less than clients wait; then it is a 503. 0 means without limit.",
    )
    contract: Annotated[str | None, "FILE|URL"] = Field(
        None, description="Contract to serve instead of the packaged one."
    )
    vendor_operations_only: bool = Field(
        default=False,
        description="Leave out lists and bulk upload, which only the prose of the vendor describes.",
    )
    database_url: Url = Field(
        "sqlite+aiosqlite:///scanner.db",
        description="SQLAlchemy URL; `postgresql://` or `postgres://` for PostgreSQL (extra `postgresql`), "
        "`?sslmode=` and `sslrootcert=` too.",
    )
    database_pool_size: int = Field(
        8,
        ge=3,
        description="PostgreSQL connections of a process; those of all processes must stay below its "
        "`max_connections`, 100 by default.",
    )
    database_pool_seconds: Seconds = Field(
        5,
        gt=0,
        description="How long a request waits for a connection of the pool, in seconds; then it is a 503.",
    )
    database_lock_seconds: Seconds = Field(
        5,
        ge=0,
        description="How long a request waits for a lock of another transaction, in seconds; 0 means "
        "without limit. PostgreSQL only.",
    )
    database_statement_seconds: Seconds = Field(
        5,
        ge=0,
        description="How long a statement may take, in seconds, which should be less than clients wait; 0 "
        "means without limit, even where the database has vanished. Workers give it 30 at least. PostgreSQL "
        "only.",
    )
    migrate: bool = Field(
        default=True,
        description="Upgrade the database schema at start. If false, an old schema is an error: run "
        "`scanner-api db upgrade` before.",
    )
    wait: Annotated[Seconds, BeforeValidator(_seconds)] = Field(
        0,
        ge=0,
        description="How long to wait at start for a database or Redis that does not respond, such as `60s`.",
    )
    rate_limit_storage: Url = Field(
        "memory://",
        description="`memory://` for one process, `redis://...` shared by all (extra `redis`); also of "
        "Sentinels (`redis+sentinel://HOST,HOST/SERVICE`) or a cluster (`redis+cluster://HOST,HOST`).",
    )
    rate_limit_on_outage: Literal["open", "closed"] = Field(
        "open",
        description="While the Redis of the rate limits does not respond: count in each process's memory "
        "(`open`), or respond with 503 (`closed`).",
    )
    rate_limit_per_minute: int = Field(300, ge=1, description="Requests per minute of a credential.")
    rate_limit_per_day: int = Field(10_000, ge=1, description="Requests per day of a credential.")
    rate_limit_publishable_per_minute: int = Field(
        100, ge=1, description="Requests per minute of a publishable key."
    )
    cors_origins: Annotated[tuple[str, ...], AfterValidator(allowed_origins)] = Field(
        (), description="Origins whose pages may call the API (JSON list); `*` for any, none by default."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses whose X-Forwarded-For is trusted (JSON list); none by default."
    )
    max_body_bytes: Bytes = Field(
        4 * MEBIBYTE, ge=1024, description="Largest request body, in bytes; larger ones get a 413."
    )
    max_json_members: int = Field(
        100_000, ge=1, description="Most members and items of JSON in a request; more get a 400."
    )
    max_json_levels: int = Field(
        MOST_LEVELS, ge=1, le=MOST_LEVELS, description="Most levels of JSON in a request; more get a 400."
    )
    max_json_digits: int = Field(
        1000, ge=1, description="Most digits in a row of a number in JSON in a request; more get a 400."
    )
    max_upload_bytes: Bytes = Field(
        20 * MEBIBYTE, ge=1, description="Largest photo, in bytes, in a presigned upload and in upload-image."
    )
    check_photos: bool = Field(
        default=True,
        description="Refuse to register objects that are no images, or have over 50 megapixels or a side of "
        "over 16,384 pixels.",
    )
    max_connections: int = Field(
        4096,
        ge=1,
        description="Most connections at once; to accept another one, or at the limit of open files, the "
        "connection that has been idle longest is closed.",
    )
    max_connections_per_address: int = Field(
        512, ge=1, description="Most connections at once from one address; trusted proxies may have more."
    )
    max_target_bytes: Bytes = Field(
        8192,
        ge=256,
        le=65_535,
        description="Longest request target (path and query), in bytes; longer ones get a 414.",
    )
    session_ttl_seconds: WholeSeconds = Field(
        86_400, ge=1, description="How long an ACTIVE session may be idle before it expires, in seconds."
    )
    session_retention: Age | None = Field(
        None,
        description="How long COMPLETED and EXPIRED sessions are kept after their last change, such as `90d`;"
        " then they are deleted with their captures, photos and objects in S3. Forever by default.",
    )
    audit_retention: Age | None = Field(
        None,
        description="How long entries of the audit log are kept, such as `400d`; then they are deleted."
        " Forever by default.",
    )
    queue_url: Url = Field(
        "memory://",
        description="Where captures wait to be processed: `memory://` in this process, or `redis://...`, as "
        "of the rate limits, for `scanner-api worker` (extra `redis`).",
    )
    worker_concurrency: int = Field(
        8,
        ge=1,
        le=1000,
        description="Jobs of one kind that a process runs at once for one organization; twice as many for all"
        " together, and of captures without a URL twice as many again.",
    )
    queued_per_organization: int = Field(
        5000,
        ge=1,
        description="Captures and extractions that may wait for one organization; more get a 429.",
    )
    queued_per_key: int = Field(
        1000, ge=1, description="The same for the sessions that one credential created."
    )
    lease_seconds: Seconds = Field(
        20, ge=1, description="How long a worker may be silent before another takes over, in seconds."
    )
    sweep_seconds: Seconds = Field(5, gt=0, description="How often to look for unfinished work, in seconds.")
    extractor: Literal["local", "bedrock", "none"] = Field(
        "local",
        description="Reads the photos of a submitted session: `local` (extra `vision`), `bedrock` or `none`.",
    )
    bedrock_model: Name = Field(
        "", description="Model or inference profile of `bedrock`; one that takes images and tools."
    )
    bedrock_region: Name = Field("us-west-2", description="Region of `bedrock`.")
    s3_bucket: Name = Field("scanner-photos", description="Bucket of the photos.")
    s3_region: Name = Field("us-west-2", description="Region of the bucket.")
    s3_endpoint_url: Url | None = Field(None, description="Endpoint of an S3 other than AWS.")
    s3_key_template: Annotated[str, AfterValidator(_as_template), "TEMPLATE"] = Field(
        "scanner/photos/{yyyy}/{mm}/{photo_type}/{session_id}/{id}.{ext}",
        description="Object key of a photo; {session_id} and {id} must be in it.",
    )
    s3_server_side_encryption: Literal["", "AES256", "aws:kms"] = Field(
        "", description="Encryption that an upload must request; empty for the bucket's default."
    )
    s3_kms_key_id: Annotated[str, "ID"] = Field("", description="KMS key for `aws:kms`.")
    s3_acl: Name = Field("", description="Canned ACL that an upload must request; empty for none.")
    presigned_expires_seconds: WholeSeconds = Field(
        3600, ge=60, le=604_800, description="How long a presigned upload is valid, in seconds."
    )
    oauth_issuer: Url = Field("", description="`iss` of bearer tokens; empty switches bearer tokens off.")
    oauth_audience: str = Field("", description="`aud` that bearer tokens must have.")
    oauth_jwks: Annotated[str, "URL|FILE"] = Field("", description="URL or file of the issuer's JWKS.")
    oauth_organization_claim: Name = Field(
        "organization_id", description="Claim with the organization id, or a list of them."
    )
    redirect_ports: tuple[int, ...] = Field(
        (80, 443), description="Ports (JSON list) on which the URLs of QR codes may be followed."
    )
    redirect_allowed: tuple[str, ...] = Field(
        (),
        description="Destinations (JSON list of HOST:PORT or networks) that are followed even if they are not"
        " public; for development.",
    )
    metrics_port: Port | None = Field(
        None,
        description="Port of Prometheus metrics, of `serve` and of a `worker`, on the same address; none by "
        "default. With several `workers` it is the first process's; the others use the ports above it.",
    )
    health_port: Port | None = Field(
        None,
        description="Port of `/healthz` and `/readyz` of a `worker`, on the same address; none by default.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="Format of the log: `text` or `json`.")
    request_log: bool = Field(
        default=True, description="Log a line for each request of `serve`; if false, only for each 5xx."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put flags before the environment before the TOML file."""
        files = EnvSettingsSource(settings_cls)
        files.env_vars = _from_files()
        sources = init_settings, env_settings, files
        config = os.environ.get("SCANNER_CONFIG")
        if config is None:
            return sources
        if not Path(config).is_file():  # pydantic-settings would pass over it in silence
            raise FileNotFoundError(f"there is no file {config}")
        return *sources, TomlConfigSettingsSource(settings_cls, Path(config))


def _from_files() -> dict[str, str | None]:
    """Read the settings that are in files, as orchestrators mount secrets, without the last newline."""
    contents: dict[str, str | None] = {}
    for variable in (f"SCANNER_{name.upper()}" for name in Settings.model_fields):
        file = os.environ.get(f"{variable}_FILE")
        if file is None:
            continue
        if variable in os.environ:
            raise ValueError(f"{variable} and {variable}_FILE are both set; expected one of them.")
        try:
            content = read_text(Path(file), MOST_BYTES)
        except ValueError as error:
            raise ValueError(f"{variable}_FILE: {str(error).removesuffix('.')}") from None
        contents[variable.lower()] = content.removesuffix("\n").removesuffix("\r")
    return contents
