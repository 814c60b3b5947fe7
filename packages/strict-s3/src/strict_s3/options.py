"""What an S3 is started with; the flags of its commands are made of these fields."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args
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
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
_MAX_PORT = 65535
POLICIES = ("none", "download", "public")
"""What everyone may do with a bucket: nothing, read its objects, or list and write them as well."""


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


def policies_of(texts: Iterable[str]) -> dict[str, str]:
    """Return policies by bucket, of texts with both and a colon between; raise ValueError for any other."""
    policies = dict(text.partition(":")[::2] for text in texts)
    for bucket, policy in policies.items():
        if policy not in POLICIES:
            raise ValueError(f"{bucket}:{policy} is not BUCKET:POLICY: expected {', '.join(POLICIES)}.")
    return policies


def paths_of(texts: Iterable[str]) -> tuple[Path, ...]:
    """Return the paths that texts are."""
    return tuple(map(Path, texts))


def _is_time(text: str | None) -> bool:
    try:
        return text is None or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


class Flag(NamedTuple):
    """How a command takes an option; the docstring of `Options` says what it does.

    Attributes:
        metavar: name of its value in help; empty for a flag without one.
        read: parses the flag's value; its ValueError is the message to the user.
        default: text of the default in help, where that is not its value.
        names: of the flag; by default that of the field.
        help: what it does.
    """

    metavar: str = ""
    read: Callable[[Any], Any] | None = None
    default: str = ""
    names: tuple[str, ...] = ()
    help: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What an S3 is started with.

    Attributes:
        buckets: bucket to start with.
        cors: allow pages of any origin to use the buckets (CORS rules).
        public: allow everyone to read their objects (bucket policy).
        policies: bucket policy of a bucket to start with: none, download as of --public, or public, by which
            everyone may list the bucket and write to it as well. In Python policies by bucket.
        region: region of the buckets.
        credentials: credential to accept; a temporary one has :TOKEN or :TOKEN:EXPIRES behind it. In Python
            ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key, EXPIRES in ISO 8601; each may do all that
            no bucket policy denies.
        data: folder that keeps all buckets across restarts.
        no_fsync: respond before the disk has it: faster, but a power failure may lose or damage the last
            writes.
        host: address to listen on; beyond loopback others can use S3.
        port: port of S3; 0 takes a free one.
        seed: seed of the ids of requests.
        tls: serve HTTPS, with certificates of a local authority.
        ca: folder that keeps the local authority, so that you trust it once; implies --tls.
        tls_names: name or address to certify, beside those of this machine.
        public_url: URL by which all clients reach S3.
        domains: domain below which bucket names are host names, as in BUCKET.localhost.
        trust_proxy: take the host of URLs from X-Forwarded-Host and X-Forwarded-Proto.
        account: AWS account that owns the buckets, as requests may expect it.
        event_webhooks: URL of events that buckets notify; the ARN of its queue, topic or function ends in
            :NAME. In Python URLs by name.
        init: folder of scripts (*.sh, *.py) that prepare S3 once it responds.

    Raises:
        ValueError: a bucket cannot have this name, an account this id, or what is a URL is none.
    """

    buckets: Annotated[tuple[str, ...], Flag("NAME", tuple, "uploads", ("--bucket", "-b"))] = ("uploads",)
    cors: Annotated[bool, Flag()] = False
    public: Annotated[bool, Flag()] = False
    policies: Annotated[Mapping[str, str], Flag("BUCKET:POLICY", policies_of, names=("--policy",))] = (
        msgspec.field(default_factory=dict)
    )
    region: Annotated[str, Flag("NAME")] = "us-east-1"
    credentials: Annotated[
        Mapping[str, str],
        Flag("ACCESS_KEY:SECRET_KEY", credentials_of, "ACCESSKEY:secret-key", ("--credential",)),
    ] = msgspec.field(default_factory=lambda: {"ACCESSKEY": "secret-key"})
    data: Annotated[Path | None, Flag("DIR", Path, "a temporary one")] = None
    no_fsync: Annotated[bool, Flag()] = False
    host: Annotated[str, Flag("ADDRESS")] = "127.0.0.1"
    port: Annotated[int, Flag("PORT", port_number)] = 0
    seed: Annotated[int | None, Flag("NUMBER", int, "random ids")] = None
    tls: Annotated[bool, Flag()] = False
    ca: Annotated[Path | None, Flag("DIR", Path, "a new one")] = None
    tls_names: Annotated[tuple[str, ...], Flag("NAME", tuple, names=("--tls-name",))] = ()
    public_url: Annotated[str | None, Flag("URL", base_url, "the host that a request came to")] = None
    domains: Annotated[tuple[str, ...], Flag("NAME", tuple, names=("--domain",))] = ()
    trust_proxy: Annotated[bool, Flag()] = False
    account: Annotated[str, Flag("ID", account_id)] = ACCOUNT
    event_webhooks: Annotated[
        Mapping[str, str], Flag("[NAME=]URL", webhooks_of, "none; NAME is webhook", ("--event-webhook",))
    ] = msgspec.field(default_factory=dict)
    init: Annotated[tuple[Path, ...], Flag("DIR", paths_of)] = ()

    def __post_init__(self) -> None:
        """Read texts as the command does; raise ValueError for an invalid bucket's name, or other value."""
        for option, flag in _declared().items():
            if flag.read and isinstance(value := getattr(self, option), str | list | tuple):
                msgspec.structs.force_setattr(self, option, flag.read(value))
        for name in self.buckets:
            if not is_bucket_name(name):
                raise ValueError(f"{name!r} is not a bucket's name: expected a host name, 3 to 63 long.")
        webhooks_of(f"{name}={url}" for name, url in self.event_webhooks.items())

    def __repr__(self) -> str:
        """Return buckets and address; credentials are secrets."""
        return f"Options(buckets={self.buckets!r}, host={self.host!r}, port={self.port!r})"

    def certifying(self) -> "AbstractContextManager[Authority | None]":
        """Return the context manager of the certificate authority; of None without TLS.

        Raises:
            OSError: its folder cannot be read or written.
            ValueError: what the folder holds is no certificate authority.
        """
        if not self.tls and self.ca is None:
            return nullcontext()
        from .tls import authority  # noqa: PLC0415 -- imports cryptography, which plain HTTP does not need

        return authority(self.ca)

    def policy_of(self, bucket: str) -> str:
        """Return the policy that a bucket starts with."""
        return self.policies.get(bucket, POLICIES[self.public])

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
def _declared() -> dict[str, Flag]:
    """Return the flag of each option."""
    return {name: get_args(hint)[1] for name, hint in Options.__annotations__.items()}


def flags() -> dict[str, tuple[Flag, Any]]:
    """Return how commands take each option, and its default, which is several values if it is repeatable."""
    defaults, flags_by_name = Options(), {}
    texts = dict(_ATTRIBUTE.findall(cleandoc(Options.__doc__ or "")))
    for name, flag in _declared().items():
        default = getattr(defaults, name)
        help_ = " ".join(texts.get(name, "").split()).partition(" In Python")[0]
        if not isinstance(default, int | str | None):
            help_ = f"{help_.removesuffix('.')}; repeatable."
        names = flag.names or (f"--{name.replace('_', '-')}",)
        flags_by_name[name] = flag._replace(names=names, help=help_[:1].upper() + help_[1:]), default
    return flags_by_name
