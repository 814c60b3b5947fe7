"""A request as S3 sees it: bucket, key and operation, however they are addressed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl, quote, unquote

from .integers import whole_number
from .operations import NONE, ON_BUCKETS, ON_OBJECTS, ON_SERVICE, SELECTORS, SERVED, Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ORIGINAL_HEADERS = "s3.headers"
"""Key of the environ for the header fields as they were sent: WSGI folds ``_`` and ``-`` into one."""

BLOCK_BYTES: Final = 64 * 1024
"""How much of a body, or of a file, is read at once."""
LOCAL_DOMAIN: Final = "localhost"
_HEADER = re.compile(
    r"x-amz-.*|content-(?:md5|type)|if-(?:none-)?match|if-(?:un)?modified-since", re.IGNORECASE | re.DOTALL
)
"""Headers that SDKs move into the query of a presigned request."""
_CHECKSUM = re.compile(r"x-amz-(?:checksum-(?!algorithm$|type$|mode$)|sdk-checksum-)", re.IGNORECASE)
VERSION_2_QUERY: Final = ("AWSAccessKeyId", "Signature", "Expires")
"""The parameters of a request that is presigned with Signature Version 2."""
UNWATCHED: Final = "x-mock-unwatched"
"""Query parameter of requests to which no fault applies, and which are not recorded: the console's."""
COPY_SOURCE: Final = "x-amz-copy-source"
_METHODS: Final = {"GET": ("LIST", "GET"), "HEAD": ("LIST", "HEAD", "GET"), "PUT": ("COPY", "PUT")}
"""Under which of the table's methods an operation is looked for, in this order."""
_OF_CLIENTS = re.compile(r"(?:x-|[\d_.]).*|v", re.IGNORECASE | re.DOTALL)
"""Query parameters that S3 leaves to clients; many add a number to a URL, or a version, past a cache."""
_OF_READS: Final = frozenset({
    "list-type", "prefix", "delimiter", "marker", "max-keys", "continuation-token", "start-after",
    "encoding-type", "fetch-owner", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads",
    "max-parts", "part-number-marker",
})  # fmt: skip
"""Query parameters of lists, which may be empty."""


class Readable(Protocol):
    """A stream of bytes, such as the body of a request."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; b"" at the end."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names by which clients reach S3.

    Attributes:
        domains: lower-case host names that have a bucket before them, as in ``BUCKET.localhost``.
        public_url: base URL of objects; None for the host that a request came to.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.
    """

    domains: tuple[str, ...] = (LOCAL_DOMAIN,)
    public_url: str | None = None
    trust_proxy: bool = False

    def bucket_of(self, host: str) -> str:
        """Return the bucket in ``BUCKET.DOMAIN`` or ``BUCKET.s3.DOMAIN``; empty if there is none."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        for domain in self.domains:
            if name.lower().endswith(f".{domain}"):
                bucket = name[: -len(domain) - 1]
                return "" if bucket == "s3" else bucket.removesuffix(".s3")
        return ""


LOCAL: Final = Names()


class Caller(NamedTuple):
    """Who makes a request, and the ids of the response.

    Attributes:
        address: of the client, or of the proxy before S3; empty if it is not known.
        request_id: of the response.
        host_id: of the same.
    """

    address: str = ""
    request_id: str = ""
    host_id: str = ""


NOBODY: Final = Caller()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to S3.

    Attributes:
        method: as sent.
        path: the path of the target, decoded.
        query: names and values, decoded, in their order.
        headers: values by name in lower case; several of one name are joined by commas.
        body: the body, not read yet.
        bucket: the bucket; empty for the service itself.
        key: the object's key; empty for the bucket itself.
        host_style: whether the bucket is in the host name and not in the path.
        scheme: ``http`` or ``https``.
        public_url: base URL of objects; None for the host that it came to.
        is_utf8: whether the target is; if not, invalid bytes have been replaced.
        fields: of its form, by name in lower case; empty until the form is read.
        struck: ids of the faults that apply to it.
        held: how many bytes of memory it holds for a document.
        caller: who makes it.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Readable
    bucket: str
    key: str
    host_style: bool
    scheme: str = "http"
    public_url: str | None = None
    is_utf8: bool = True
    fields: dict[str, str] = field(default_factory=dict)
    struck: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=lambda: [0])
    caller: Caller = NOBODY

    @classmethod
    def from_environ(
        cls, environ: WSGIEnvironment, names: Names = LOCAL, ids: tuple[str, str] = ("", "")
    ) -> Request:
        """Read the request of a WSGI environ; the ids are those of the response."""
        headers = _headers(environ)
        try:
            path, query = _target(environ, "strict")
            is_utf8 = True
        except UnicodeError:
            path, query = _target(environ, "replace")
            is_utf8 = False
        scheme = environ["wsgi.url_scheme"]
        if names.trust_proxy:  # the host that the client called, and signed
            headers["host"] = _last(headers, "x-forwarded-host") or headers.get("host", "")
            scheme = _last(headers, "x-forwarded-proto") or scheme
        bucket = names.bucket_of(headers.get("host", ""))
        host_style = bool(bucket)
        key = path[1:]
        if not host_style:
            bucket, _, key = key.partition("/")
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=tuple(query),
            headers=headers,
            body=environ["wsgi.input"],
            bucket=bucket,
            key=key,
            host_style=host_style,
            scheme=scheme,
            public_url=names.public_url,
            is_utf8=is_utf8,
            caller=Caller(_address(environ, headers, names), *ids),
        )

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter; None if it is not there."""
        return next((value for parameter, value in self.query if parameter == name), None)

    def has(self, *names: str) -> bool:
        """Return whether one of these query parameters is there, such as the subresource ``acl``."""
        return any(name in names for name, _ in self.query)

    @property
    def selectors(self) -> list[str]:
        """The subresources in its query, such as ``acl``, in order; S3 accepts one."""
        return sorted({name for name, _ in self.query} & SELECTORS)

    @property
    def operation(self) -> Operation:
        """The operation that it is for; without a name if it is for none."""
        table = ON_OBJECTS if self.key else ON_BUCKETS if self.bucket else ON_SERVICE
        selector = next(iter(self.selectors), "")
        is_list = not self.has("id") if selector else self.has("list-type")
        holds = {"LIST": is_list, "COPY": COPY_SOURCE in self.headers}
        places = [
            (method, selector)
            for method in _METHODS.get(self.method, (self.method,))
            if holds.get(method, True)
        ]
        return next((table[place] for place in places if place in table), NONE)

    @property
    def is_unknown(self) -> bool:
        """Whether its query may name a subresource that is unknown here.

        A request that changes a bucket must have no unknown parameter: to delete an unknown subresource must
        not delete the bucket. Elsewhere a selector has no value, and S3 ignores parameters with values.
        """
        is_change = self.method in ("PUT", "DELETE")
        if not is_change and (self.method not in ("GET", "HEAD") or not self.bucket):
            return False
        names = {name for name, value in self.query if not value or (is_change and not self.key)}
        of_lists = frozenset[str]() if is_change else _OF_READS
        of_selectors = ("id", "partNumber", "versionId") if self.selectors else ()
        of_objects = ("partNumber", "versionId") if self.key else ()
        names -= {*of_lists, *SERVED, *of_selectors, *of_objects}
        return not all(name.startswith("response-") or _OF_CLIENTS.fullmatch(name) for name in names)

    @property
    def is_of_console(self) -> bool:
        """Whether it has the mark of the console and a signature; a page that has such a URL may use it."""
        return self.has(UNWATCHED) and self.has("X-Amz-Signature")

    @property
    def is_form(self) -> bool:
        """Whether it uploads with a form, which has the key in a field."""
        return self.method == "POST" and bool(self.bucket) and not self.key and not self.selectors

    def unsigned(self) -> Request:
        """Return a presigned request without its signature, and with the headers that are in its query.

        Checksums are left out: SDKs presign before they have the content, and S3 ignores them.
        """
        if not self.has("X-Amz-Signature", "Signature"):
            return self
        headers = {
            name.lower(): value
            for name, value in self.query
            if _HEADER.fullmatch(name) and not _CHECKSUM.match(name)
        }
        moved = {*VERSION_2_QUERY, *(name for name, _ in self.query if _HEADER.fullmatch(name))}
        query = [pair for pair in self.query if pair[0] not in moved]
        return replace(self, query=tuple(query), headers={**headers, **self.headers})

    def object_url(self, key: str) -> str:
        """Return the URL of an object as S3 writes it: in the style of this request, slashes escaped."""
        if self.public_url is not None:
            return f"{self.public_url}/{self.bucket}/{quote(key, safe='')}"
        path = quote(key, safe="") if self.host_style else f"{self.bucket}/{quote(key, safe='')}"
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}/{path}"

    @property
    def origin(self) -> str | None:
        """The origin of the page that makes the request; None without one."""
        return self.headers.get("origin")

    @property
    def body_length(self) -> int | None:
        """The announced length of the body in bytes; None if there is none, as with chunks."""
        if "transfer-encoding" in self.headers:
            return None
        return whole_number(self.headers.get("content-length"))


def _target(environ: WSGIEnvironment, errors: str) -> tuple[str, list[tuple[str, str]]]:
    """Return path and query, decoded."""
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors=errors)
    target = environ["RAW_URI"]
    if not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    return unquote(target.partition("?")[0], errors=errors), query


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in environ.get(ORIGINAL_HEADERS) or _unfolded(environ):
        name = name.lower()  # noqa: PLW2901 -- the same name, in the case that S3 compares
        value = _header_text(value.strip())  # noqa: PLW2901 -- the same value, as a text
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _address(environ: WSGIEnvironment, headers: Mapping[str, str], names: Names) -> str:
    """Return the client's address: what the nearest proxy says, if proxies are trusted."""
    forwarded = _last(headers, "x-forwarded-for") if names.trust_proxy else ""
    return forwarded or str(environ.get("REMOTE_ADDR", ""))


def _last(headers: Mapping[str, str], name: str) -> str:
    """Return the last member of a field, which the nearest proxy wrote."""
    return headers.get(name, "").rpartition(",")[2].strip()


def _header_text(value: str) -> str:
    """Return a header's value, which WSGI decodes as Latin-1, decoded as UTF-8 if it is that."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _unfolded(environ: WSGIEnvironment) -> Iterable[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-"), value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-"), value
