"""Checks everything that the service needs, by using it before a request does; ``scanner-api doctor``."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx2

from contract_first.contract.document.errors import reason_of
from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import ServiceUnavailable

from .access.jwks import usable_keys
from .access.jwks_sources import KeySetError, reader_of
from .app import START_ERRORS, create_app, database_of, photo_bucket
from .redis_urls import IN_MEMORY
from .scanning.photos.photo_keys import PhotoKeys
from .settings import Settings
from .storage.photo_bucket.bucket import PhotoBucket
from .storage.schema.migrations import HEAD

SECONDS = 5
LIVING_SECONDS = 60
"""A worker that has not read the queue for so long is dead."""
SKEW_SECONDS, MOST_SKEW_SECONDS = 60, 900
"""From when on a difference between the clocks is worth a warning, and from when on S3 refuses requests."""
SECRET = b"of keys that nobody can register"
CONTENT = b"0"
SAFE_ERRORS = (*START_ERRORS, httpx2.HTTPError, ImportError, OSError)
"""Errors whose messages quote no password."""
ADVICE = {
    "settings": "Correct what is named; `serve` does not start before.",
    "certificates": "Install the system's certificate authorities; Debian's package is ca-certificates.",
    "database": "Start the database, or correct database_url; its user has to be able to write, and "
    "its disk needs space.",
    "rate limits": "Start the Redis, or correct rate_limit_storage; its user has to be able to write.",
    "queue": "Start the Redis, or correct queue_url; its user has to be able to write.",
    "bucket": "Create the bucket, or correct s3_bucket, s3_region, s3_endpoint_url or the AWS credentials; "
    "they need s3:ListBucket, s3:PutObject and s3:GetObject.",
    "token issuer": "Correct oauth_jwks or the issuer's key set; without keys no bearer token is accepted.",
}
"""What to do where a check cannot be completed."""

Status = Literal["ok", "warning", "failed"]


class Diagnosis(NamedTuple):
    """The result of one check, and what to do unless it is ok."""

    check: str
    status: Status
    message: str
    advice: str = ""


async def examine(settings: Settings) -> list[Diagnosis]:
    """Return the findings of all checks, in order."""
    checks = (_settings, _certificates, _database, _rate_limits, _queue, _bucket, _issuer)
    named = zip(ADVICE, checks, strict=True)
    results = await asyncio.gather(*(_findings(name, check(settings)) for name, check in named))
    return [finding for result in results for finding in result]


async def _findings(name: str, check: AsyncIterator[Diagnosis]) -> list[Diagnosis]:
    """Return the findings of a check; an exception that it raises is the last one."""
    findings = []
    try:
        async for finding in check:
            findings.append(finding)  # noqa: PERF401 -- those before an error stay
    except Exception as error:  # noqa: BLE001 -- each client has errors of its own
        findings.append(Diagnosis(name, "failed", _reason(error), ADVICE[name]))
    return findings


async def _settings(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Assemble the service, which reads the contract and raises where settings do not fit together."""
    operations = len(create_app(settings).contract.operations)
    yield Diagnosis("settings", "ok", f"{operations} operations can be served with them.")


async def _certificates(_: Settings) -> AsyncIterator[Diagnosis]:
    if await asyncio.to_thread(_has_authorities):
        yield Diagnosis("certificates", "ok", "The system has certificate authorities.")
    else:
        message = "The system has no certificate authorities: links and key sets are not read over HTTPS."
        yield Diagnosis("certificates", "warning", message, ADVICE["certificates"])


def _has_authorities() -> bool:
    """Tell whether the system has certificate authorities; those in a folder are read when needed."""
    folder = Path(ssl.get_default_verify_paths().openssl_capath)
    loaded = httpx2.create_ssl_context(trust_env=False).cert_store_stats()["x509_ca"]
    return loaded > 0 or any(folder.glob("*.0"))


async def _database(settings: Settings) -> AsyncIterator[Diagnosis]:
    async with AsyncExitStack() as stack:
        database = database_of(settings)
        stack.push_async_callback(database.close)
        await database.connect()
        schema = await database.schema()
        await database.check_writable()
        await database.check_disk()
    yield Diagnosis("database", "ok", "It responds, and can be written to.")
    state = "It is empty" if schema.revision is None else f"It is at revision {schema.revision}"
    detail = f"{state}; this version needs revision {HEAD}."
    if schema.is_usable:
        yield Diagnosis("schema", "ok", f"It is at revision {schema.revision}.")
    elif schema.revision is not None and schema.revision > HEAD:
        advice = "Run the version of scanner-api that migrated it, or restore a backup of before."
        yield Diagnosis("schema", "failed", detail, advice)
    elif settings.migrate:
        advice = "`serve` upgrades it at its start; or run `scanner-api db upgrade` before."
        yield Diagnosis("schema", "warning", detail, advice)
    else:
        yield Diagnosis("schema", "failed", detail, "Run `scanner-api db upgrade`.")


async def _rate_limits(settings: Settings) -> AsyncIterator[Diagnosis]:
    if settings.rate_limit_storage != IN_MEMORY:
        await _readers(settings.rate_limit_storage)
        yield Diagnosis("rate limits", "ok", "Redis responds, and can be written to.")
    elif settings.workers > 1:
        message = f"Each of the {settings.workers} processes counts requests by itself."
        yield Diagnosis("rate limits", "warning", message, "Name a Redis in rate_limit_storage.")
    else:
        yield Diagnosis("rate limits", "ok", "Requests are counted in the memory of the process.")


async def _queue(settings: Settings) -> AsyncIterator[Diagnosis]:
    if settings.queue_url == IN_MEMORY:
        yield Diagnosis("queue", "ok", "`serve` processes captures and photos itself.")
        return
    living = await _readers(settings.queue_url)
    yield Diagnosis("queue", "ok", "Redis responds, and can be written to.")
    if living:
        yield Diagnosis("workers", "ok", f"{living} read the queue.")
    else:
        advice = "Start `scanner-api worker` with the same settings; captures wait for one."
        yield Diagnosis("workers", "warning", "None has read the queue within a minute.", advice)


async def _readers(url: str) -> int:
    """Write to a Redis, and return how many workers read its queue."""
    from redis.asyncio import Redis  # noqa: PLC0415 -- redis is an extra
    from redis.exceptions import RedisError, ResponseError  # noqa: PLC0415 -- the same

    from .redis_pools import name_in, pool_of  # noqa: PLC0415 -- the same

    try:
        stream = name_in(url)
        pool = pool_of(url, socket_connect_timeout=SECONDS)
        async with asyncio.timeout(SECONDS), Redis.from_pool(pool) as redis:
            await redis.set(f"{stream}:doctor", "", px=1000)
            consumers: list[Any] = await redis.xinfo_consumers(stream, stream)
    except ResponseError as error:
        if "NOGROUP" in str(error) or "no such key" in str(error):  # nobody has used the queue so far
            return 0
        raise ServiceUnavailable("Redis refuses.") from error
    except (RedisError, OSError) as error:
        raise ServiceUnavailable("Redis cannot be written to.") from error
    return sum(consumer["idle"] < LIVING_SECONDS * 1000 for consumer in consumers)


async def _bucket(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Do what the service, browsers and phones do with the bucket, and compare S3's clock."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        bucket = photo_bucket(settings, clock)
        stack.callback(bucket.close)
        keys = PhotoKeys(settings.s3_key_template, SECRET)
        issued = keys.issue("doctor", "doctor", "doctor.png", clock.now())
        await bucket.connect()
        form = await bucket.presign(issued.key, issued.content_type, {})
        client = await stack.enter_async_context(httpx2.AsyncClient(timeout=SECONDS))
        yield _clock_skew(await client.head(form.url))
        await bucket.ping()
        yield Diagnosis("bucket", "ok", f"{settings.s3_bucket} exists.")
        yield await _cors(client, form.url, settings.cors_origins)
        file = {"file": ("doctor.png", CONTENT, issued.content_type)}
        response = await client.post(form.url, data=form.fields, files=file)
        if response.status_code != httpx2.codes.CREATED:
            code = re.search(r"<Code>(\w+)</Code>", response.text)
            message = f"S3 responded with {response.status_code} ({code[1] if code else 'no code'})."
            advice = "The credentials need s3:PutObject; the bucket may not take s3_acl or the encryption."
            yield Diagnosis("presigned upload", "failed", message, advice)
            return
        try:
            content = await bucket.get(issued.key, len(CONTENT))
        finally:
            left = await _left(bucket, issued.key)
        if content != CONTENT:
            raise ServiceUnavailable("The bucket does not return what was uploaded.")
        if left:
            advice = f"Delete {issued.key} yourself; `serve` does not need s3:DeleteObject."
            yield Diagnosis("presigned upload", "warning", f"Its object is not deleted: {left}", advice)
        else:
            yield Diagnosis("presigned upload", "ok", "An object was uploaded by a form, read and deleted.")


async def _left(bucket: PhotoBucket, key: str) -> str:
    """Delete an object, and return why that cannot be done, if so."""
    try:
        await bucket.delete(key)
    except ServiceUnavailable as error:
        return _reason(error)
    return ""


def _clock_skew(response: httpx2.Response) -> Diagnosis:
    try:
        there = parsedate_to_datetime(response.headers["Date"])
        seconds = abs((SystemClock().now() - there).total_seconds())
    except (KeyError, ValueError, TypeError):  # without a zone too
        return Diagnosis(
            "clock", "warning", "S3 does not say what time it is.", "Compare the clock yourself."
        )
    message = f"It differs from S3's by {seconds:.0f} s."
    if seconds < SKEW_SECONDS:
        return Diagnosis("clock", "ok", message)
    status: Status = "warning" if seconds < MOST_SKEW_SECONDS else "failed"
    return Diagnosis("clock", status, message, "Synchronise it (NTP); at 15 minutes S3 refuses all requests.")


async def _cors(client: httpx2.AsyncClient, url: str, origins: tuple[str, ...]) -> Diagnosis:
    """Ask S3 as browsers do whether pages of the configured origins may post forms."""
    refused = []
    for origin in origins:
        page = "https://origin.example" if origin == "*" else origin
        headers = {"Origin": page, "Access-Control-Request-Method": "POST"}
        response = await client.options(url, headers=headers)
        if response.headers.get("Access-Control-Allow-Origin") not in {page, "*"}:
            refused.append(origin)
    if refused:
        rule = {"AllowedOrigins": refused, "AllowedMethods": ["POST"], "AllowedHeaders": ["*"]}
        message = f"Pages of {', '.join(refused)} may not upload."
        return Diagnosis("bucket CORS", "failed", message, f"Add to its CORS rules: {json.dumps(rule)}")
    allowed = f"Pages of {', '.join(origins)} may upload." if origins else "No origins are configured."
    return Diagnosis("bucket CORS", "ok", allowed)


async def _issuer(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Read the keys, and compare the issuer with its metadata (OpenID Connect Discovery 1.0, section 4.3)."""
    issuer = settings.oauth_issuer
    if not issuer:
        yield Diagnosis("token issuer", "ok", "None is configured; bearer tokens are refused.")
        return
    try:
        keys = usable_keys(await asyncio.to_thread(reader_of(settings.oauth_jwks)))
    except (KeySetError, ValueError) as error:
        raise ServiceUnavailable("The key set cannot be used.") from error
    algorithms = ", ".join(sorted({algorithm for _, algorithm in keys}))
    yield Diagnosis("token keys", "ok", f"They verify {algorithms}.")
    try:
        metadata = reader_of(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        name = json.loads(await asyncio.to_thread(metadata))["issuer"]
    except (KeySetError, ValueError, TypeError, KeyError):
        advice = "Compare oauth_issuer with the `iss` of a token; each character counts."
        yield Diagnosis("token issuer", "warning", "It has no metadata to compare oauth_issuer with.", advice)
        return
    if name == issuer:
        yield Diagnosis("token issuer", "ok", "Its metadata has the name that is configured.")
    else:
        advice = f"Set oauth_issuer to {name!r}; each character counts."
        yield Diagnosis("token issuer", "failed", f"Its metadata has another name than {issuer!r}.", advice)


def _reason(error: Exception) -> str:
    """Return the message of an error and of its cause; only the name of one that might quote a secret."""
    text = (reason_of(error) if isinstance(error, SAFE_ERRORS) else "") or type(error).__name__
    if isinstance(error, httpx2.RequestError):
        return f"{error.request.url} does not respond. ({text})"
    cause = error.__cause__ if isinstance(error, ServiceUnavailable) else None
    if cause is None:
        return text
    first, *_ = str(cause).splitlines() or [type(cause).__name__]
    return f"{text} ({first})"
