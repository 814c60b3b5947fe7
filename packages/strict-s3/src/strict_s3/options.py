"""What an S3 is started with; the flags of its commands are made of these fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints
from urllib.parse import urlsplit

import msgspec

from .messages.identifiers import ACCOUNT, is_account, is_bucket_name

if TYPE_CHECKING:
    from .tls import Authority

CONFLICTING_VARIABLES = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL")
"""Variables of the environment that would lead AWS's clients to another S3, or sign for it."""
_CREDENTIAL = re.compile(
    r"(\w{3,128}):(?P<rest>[!-9;-~]{1,256}(?::[!-9;-~]{1,4096}(?::(?P<expires>[!-~]+))?)?)", re.ASCII
)
_NAMED_WEBHOOK = re.compile(r"(?:(?P<name>[\w-]{1,80})=)?(?P<url>.+)", re.ASCII)
_BASE_URL = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::[1-9]\d{0,4})?(?:/[^?#\s]*)?", re.ASCII)
_MAX_PORT = 65535


def account_id(text: str) -> str:
    """Return the id of an account; raise ValueError if it is none."""
    if not is_account(text):
        raise ValueError(f"{text!r} is not an AWS account ID: 12 digits.")
    return text


def port_number(text: str) -> int:
    """Return a port to listen on; raise ValueError if it is none."""
    if not (text.isascii() and text.isdigit() and int(text) <= _MAX_PORT):
        raise ValueError(f"{text!r} is not a port: expected 0 to {_MAX_PORT}.")
    return int(text)


def base_url(text: str) -> str:
    """Return a base URL without a trailing slash; raise ValueError for any other text."""
    if not _BASE_URL.fullmatch(text):
        raise ValueError(f"{text} is not an http:// or https:// URL of a host, such as https://mock.test.")
    return text.rstrip("/")


def credentials_of(texts: Iterable[str]) -> dict[str, str]:
    """Return ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key, of texts with both and a colon between.

    Raises:
        ValueError: one of them is no credential; it is not repeated, since it may be a secret.
    """
    credentials: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        match = _CREDENTIAL.fullmatch(text)
        if match is None or not _is_time(match["expires"]):
            raise ValueError(
                f"Number {number} is not ACCESS_KEY:SECRET_KEY, with 3 to 128 letters, digits or underscores "
                "before the colon and 1 to 256 printable characters of ASCII, but no colon, behind it; "
                "a temporary one is that with :SESSION_TOKEN or :SESSION_TOKEN:EXPIRES behind it, such as "
                "2030-01-01T12:00:00Z."
            )
        credentials[match[1]] = match["rest"]
    return credentials


def webhooks_of(texts: Iterable[str]) -> dict[str, str]:
    """Return URLs by name, of texts with the URL, or with both and an equals sign between.

    Raises:
        ValueError: one of them is no webhook; its URL is not repeated, since it may have a secret.
    """
    webhooks: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        match = _NAMED_WEBHOOK.fullmatch(text)
        name = (match["name"] if match else "") or "webhook"
        if match is None or not _BASE_URL.fullmatch(match["url"]) or name in webhooks:
            raise ValueError(
                f"Number {number} is not [NAME=]URL, with a name of its own, 80 letters, digits, hyphens or "
                "underscores at most, and an http:// or https:// URL without user, query and fragment."
            )
        webhooks[name] = match["url"]
    return webhooks


def paths_of(texts: Iterable[str]) -> tuple[Path, ...]:
    """Return the paths that texts are."""
    return tuple(map(Path, texts))


def _is_time(text: str | None) -> bool:
    try:
        return text is None or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


class Flag(NamedTuple):
    """How a command takes an option.

    Attributes:
        help: what it does.
        metavar: name of its value in help; empty for a flag without one.
        read: parses the flag's value; its ValueError is the message to the user.
        default: text of the default in help, where that is not its value.
        names: of the flag; by default that of the field.
    """

    help: str
    metavar: str = ""
    read: Callable[[Any], Any] = lambda value: value
    default: str = ""
    names: tuple[str, ...] = ()


_CREDENTIALS = Flag(
    "Credential to accept; a temporary one has :TOKEN or :TOKEN:EXPIRES behind it",
    "ACCESS_KEY:SECRET_KEY", credentials_of, "ACCESSKEY:secret-key", ("--credential",),
)  # fmt: skip
_DOMAINS = Flag(
    "Domain below which bucket names are host names, as in BUCKET.localhost",
    "NAME",
    tuple,
    names=("--domain",),
)
_WEBHOOKS = Flag(
    "URL of events that buckets notify; the ARN of its queue, topic or function ends in :NAME",
    "[NAME=]URL", webhooks_of, "none; NAME is webhook", ("--event-webhook",),
)  # fmt: skip
_AUTHORITY = Flag(
    "Folder that keeps the local authority, so that you trust it once; implies --tls.",
    "DIR",
    Path,
    "a new one",
)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What an S3 is started with.

    Attributes:
        buckets: names of the buckets to start with.
        region: their region.
        credentials: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key, EXPIRES in ISO 8601; each may do
            whatever no bucket policy denies.
        cors: whether the buckets start with CORS rules that allow every origin.
        public: whether everyone may read their objects.
        data: folder that keeps everything; None for a temporary one.
        no_fsync: whether responses come before the disk has what they say, if there is such a folder.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        seed: of the ids of requests; None for random ones.
        tls: whether it serves HTTPS, with certificates of a local authority.
        ca: folder that keeps this authority, which implies TLS; None for a new one.
        tls_names: names and addresses to certify, beside those of this machine.
        public_url: base URL of objects; None for the host that a request came to.
        domains: host names that may have a bucket before them, as in ``BUCKET.localhost``, beside that one.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.
        account: AWS account that owns all buckets: 12 digits; MOTO_ACCOUNT_ID by default, or moto's.
        event_webhooks: URLs of events, by the name of the queue, topic or function that they stand for.
        init: folders of scripts that prepare it; nothing is ready before they ended.

    Raises:
        ValueError: a bucket cannot have this name, an account this id, or what is a URL is none.
    """

    buckets: Annotated[
        tuple[str, ...], Flag("Bucket to start with", "NAME", tuple, "uploads", ("--bucket", "-b"))
    ] = ("uploads",)
    cors: Annotated[bool, Flag("Allow pages of any origin to use the buckets (CORS rules).")] = False
    public: Annotated[bool, Flag("Allow everyone to read their objects (bucket policy).")] = False
    region: Annotated[str, Flag("Region of the buckets.", "NAME")] = "us-east-1"
    credentials: Annotated[Mapping[str, str], _CREDENTIALS] = msgspec.field(
        default_factory=lambda: {"ACCESSKEY": "secret-key"}
    )
    data: Annotated[
        Path | None, Flag("Folder that keeps all buckets across restarts.", "DIR", Path, "a temporary one")
    ] = None
    no_fsync: Annotated[
        bool,
        Flag(
            "Respond before the disk has it: faster, but a power failure may lose or damage the last writes."
        ),
    ] = False
    host: Annotated[str, Flag("Address to listen on; beyond loopback others can use S3.", "ADDRESS")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Flag("Port of S3; 0 takes a free one.", "PORT", port_number)] = 0
    seed: Annotated[int | None, Flag("Seed of the ids of requests.", "NUMBER", int, "random ids")] = None
    tls: Annotated[bool, Flag("Serve HTTPS, with certificates of a local authority.")] = False
    ca: Annotated[Path | None, _AUTHORITY] = None
    tls_names: Annotated[
        tuple[str, ...],
        Flag(
            "Name or address to certify, beside those of this machine", "NAME", tuple, names=("--tls-name",)
        ),
    ] = ()
    public_url: Annotated[
        str | None,
        Flag("URL by which all clients reach S3.", "URL", base_url, "the host that a request came to"),
    ] = None
    domains: Annotated[tuple[str, ...], _DOMAINS] = ()
    trust_proxy: Annotated[
        bool, Flag("Take the host of URLs from X-Forwarded-Host and X-Forwarded-Proto.")
    ] = False
    account: Annotated[
        str, Flag("AWS account that owns the buckets, as requests may expect it.", "ID", account_id)
    ] = ACCOUNT
    event_webhooks: Annotated[Mapping[str, str], _WEBHOOKS] = msgspec.field(default_factory=dict)
    init: Annotated[
        tuple[Path, ...],
        Flag(
            "Folder of scripts (*.sh, *.py) that prepare S3 once it responds",
            "DIR",
            paths_of,
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Read texts as the command does; raise ValueError for an invalid bucket's name, or other value."""
        for option, flag in declared().items():
            if isinstance(value := getattr(self, option), str | list | tuple):
                msgspec.structs.force_setattr(self, option, flag.read(value))
        for name in self.buckets:
            if not is_bucket_name(name):
                raise ValueError(f"{name!r} is not a bucket's name: expected a host name, 3 to 63 long.")
        webhooks_of(f"{name}={url}" for name, url in self.event_webhooks.items())

    def __repr__(self) -> str:
        """Return buckets and address; credentials are secrets."""
        return f"Options(buckets={self.buckets!r}, host={self.host!r}, port={self.port!r})"

    def certifying(self) -> AbstractContextManager[Authority | None]:
        """Return the context manager of the certificate authority; of None without TLS.

        Raises:
            OSError: its folder cannot be read or written.
            ValueError: what the folder holds is no certificate authority.
        """
        if not self.tls and self.ca is None:
            return nullcontext()
        from .tls import authority  # noqa: PLC0415 -- imports cryptography, which plain HTTP does not need

        return authority(self.ca)

    def certified_names(self) -> tuple[str, ...]:
        """Return the names and addresses to certify: of the address, of the public URL, and further ones."""
        host = urlsplit(self.public_url or "").hostname
        return (self.host, *filter(None, [host]), *self.tls_names)

    def environment(self, url: str) -> dict[str, str]:
        """Return the environment variables by which AWS's clients find this S3, with its first credential."""
        access_key, text = next(iter(self.credentials.items()))
        secret_key, _, token = text.partition(":")
        return {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            **({"AWS_SESSION_TOKEN": token.partition(":")[0]} if token else {}),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


@cache
def declared() -> dict[str, Flag]:
    """Return the flag of each option."""
    hints = get_type_hints(Options, include_extras=True)
    return {name: hints[name].__metadata__[0] for name in Options.__struct_fields__}


def flags() -> dict[str, tuple[Flag, Any]]:
    """Return how commands take each option, and its default, which is several values if it is repeatable."""
    defaults = Options()
    return {
        name: (flag._replace(names=flag.names or (f"--{name.replace('_', '-')}",)), getattr(defaults, name))
        for name, flag in declared().items()
    }
