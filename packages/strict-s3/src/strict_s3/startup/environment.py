"""Variables that stand for options: those of this S3, of other servers, and of AWS's clients."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from strict_s3.options import flags

PREFIX: Final = "STRICT_S3_"
_CREDENTIALS = (
    ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
)
_ALIASES = {
    "buckets": ("MINIO_DEFAULT_BUCKETS",),
    "data": ("MINIO_VOLUMES",),
    "domains": ("MINIO_DOMAIN",),
    "public_url": ("MINIO_SERVER_URL",),
    "region": (
        "MINIO_SITE_REGION", "MINIO_REGION", "MINIO_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION",
    ),
}  # fmt: skip
"""Variables of others that stand for options, the first one before the next."""
_INSTEAD = {
    "EDGE_PORT": "--port PORT",
    "GATEWAY_LISTEN": "--host ADDRESS --port PORT",
    "LOCALSTACK_HOST": "--public-url URL",
    "MINIO_ADDRESS": "--host ADDRESS --port PORT",
    "MINIO_NOTIFY_WEBHOOK_ENDPOINT": "--event-webhook NAME=URL",
    "PERSISTENCE": "--data DIR",
}
"""What to write in place of variables of others, by how they begin."""
_OF_OTHERS = re.compile(rf"(?:{PREFIX}|MINIO_|LOCALSTACK_).+|SERVICES|PERSISTENCE|GATEWAY_LISTEN|EDGE_PORT")
_SWITCH = {"1": True, "true": True, "0": False, "false": False, "": False}
_SEPARATORS = {"credentials": r"\s+"}


def of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of options, as flags have them, by the names of their fields.

    Raises:
        ValueError: the variable of a switch is none.
    """
    values: dict[str, Any] = {}
    for name, (flag, default) in flags().items():
        variables = (variable_of(flag.names[0]), *_ALIASES.get(name, ()))
        text = next((environ[variable] for variable in variables if environ.get(variable)), None)
        if text is None:
            continue
        if isinstance(default, bool):
            if text.lower() not in _SWITCH:
                raise ValueError(f"{variables[0]} is neither 1 nor 0.")
            values[name] = _SWITCH[text.lower()]
        elif isinstance(default, int | str | None):
            values[name] = text
        else:
            values[name] = [part for part in re.split(_SEPARATORS.get(name, r"[,\s]+"), text) if part]
    for user, password, *token in _CREDENTIALS:
        if environ.get(user) and environ.get(password):
            texts = [text for name in (user, password, *token) if (text := environ.get(name))]
            values.setdefault("credentials", [":".join(texts)])
    if not environ.get(variable_of("--bucket")) and "buckets" in values:  # a policy may be behind each
        values.setdefault("policies", [bucket for bucket in values["buckets"] if ":" in bucket])
        values["buckets"] = [bucket.partition(":")[0] for bucket in values["buckets"]]
    return values


def variable_of(flag_name: str) -> str:
    """Return the variable of a flag, such as ``STRICT_S3_BUCKET`` of ``--bucket``."""
    return PREFIX + flag_name.removeprefix("--").replace("-", "_").upper()


def without_meaning(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables of other servers, and of this one, that mean nothing here, and what to write."""
    names = {variable_of(flag.names[0]) for flag, _ in flags().values()}
    names |= {name for several in (*_CREDENTIALS, *_ALIASES.values()) for name in several}
    for name, text in sorted(environ.items()):
        is_s3_alone = name == "SERVICES" and text.strip() == "s3"
        if _OF_OTHERS.fullmatch(name) and name not in names and not is_s3_alone:
            options = [option for start, option in _INSTEAD.items() if name.startswith(start)]
            yield f"{name} (write {options[0]})" if options else name
