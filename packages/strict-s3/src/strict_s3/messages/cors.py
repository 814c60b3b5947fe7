"""Cross-origin resource sharing as S3 grants it: by the first matching rule of the bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import S3Error
from .xml import document

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
_NOT_ALLOWED = (
    "This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's "
    "CORS spec."
)


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One rule of a bucket; origins and headers may have one ``*`` each."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age_seconds: int | None = None

    def allows(self, origin: str, method: str, headers: Sequence[str] = ()) -> bool:
        """Return whether a page of `origin` may make a request with this method and these headers."""
        return (
            method in self.methods
            and any(_matches(origin, pattern) for pattern in self.origins)
            and all(any(_matches(header, pattern.lower()) for pattern in self.headers) for header in headers)
        )

    def grant(self, origin: str, headers: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the header fields that grant the access to a page of `origin`."""
        anyone = "*" in self.origins
        fields = [
            ("Access-Control-Allow-Origin", "*" if anyone else origin),
            ("Access-Control-Allow-Methods", ", ".join(self.methods)),
        ]
        if headers:
            fields.append(("Access-Control-Allow-Headers", ", ".join(headers)))
        if self.expose:
            fields.append(("Access-Control-Expose-Headers", ", ".join(self.expose)))
        if self.max_age_seconds is not None:
            fields.append(("Access-Control-Max-Age", str(self.max_age_seconds)))
        if not anyone:
            fields.append(("Access-Control-Allow-Credentials", "true"))
        return [*fields, ("Vary", _VARY)]

    def document(self) -> bytes:
        """Return the CORS configuration with this rule alone."""
        rule = {
            "AllowedOrigin": [*self.origins],
            "AllowedMethod": [*self.methods],
            "AllowedHeader": [*self.headers],
            "ExposeHeader": [*self.expose],
            "MaxAgeSeconds": self.max_age_seconds,
        }
        return document("CORSConfiguration", {"CORSRule": rule}, is_qualified=False)


_READABLE = (
    "Accept-Ranges", "Content-Range", "ETag", "Location", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-type",
    "x-amz-delete-marker", "x-amz-id-2", "x-amz-mp-parts-count", "x-amz-request-id",
    "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-tagging-count", "x-amz-version-id",
)  # fmt: skip
"""Header fields that pages may read; S3 accepts no wildcard here, so metadata is not among them."""

OPEN = CorsRule(
    origins=("*",),
    methods=METHODS,
    headers=("*",),
    expose=_READABLE,
    max_age_seconds=3000,
)
"""Allows every origin; the rule of buckets that start with ``cors``, and of the console's requests."""


def preflight(
    rules: Sequence[CorsRule] | None, headers: Mapping[str, str], resource_type: str
) -> list[tuple[str, str]]:
    """Return the header fields that respond to a preflight request.

    Args:
        rules: the bucket's rules; None if there is no such bucket.
        headers: the request's headers by name in lower case.
        resource_type: ``BUCKET`` or ``OBJECT``, for the error document.

    Raises:
        S3Error: BadRequest if it is no preflight request, AccessForbidden if it is not granted.
    """
    origin = headers.get("origin")
    if not origin:
        raise S3Error(400, "BadRequest", "Insufficient information. Origin request header needed.")
    method = headers.get("access-control-request-method")
    elements = {"Method": method or "OPTIONS", "ResourceType": resource_type}
    if not rules:
        elements["ResourceType"] = "BUCKET"
    if rules is None:
        raise S3Error(403, "AccessForbidden", "CORSResponse: Bucket not found", elements)
    if not rules:
        message = "CORSResponse: CORS is not enabled for this bucket."
        raise S3Error(403, "AccessForbidden", message, elements)
    if method not in METHODS:
        raise S3Error(400, "BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
    names = _requested_headers(headers)
    for rule in rules:
        if rule.allows(origin, method, names):
            return rule.grant(origin, names)
    raise S3Error(403, "AccessForbidden", f"CORSResponse: {_NOT_ALLOWED}", elements)


def granted(rules: Sequence[CorsRule], headers: Mapping[str, str], method: str) -> list[tuple[str, str]]:
    """Return the header fields for the response to an actual request; none if no rule allows it.

    Where it has the headers of a preflight request, they count as there.
    """
    origin = headers.get("origin")
    if not origin:
        return []
    method = headers.get("access-control-request-method", method)
    names = _requested_headers(headers)
    return next((rule.grant(origin, names) for rule in rules if rule.allows(origin, method, names)), [])


def _requested_headers(headers: Mapping[str, str]) -> list[str]:
    field = headers.get("access-control-request-headers", "")
    return [name.strip().lower() for name in field.split(",") if name.strip()]


def _matches(text: str, pattern: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return text == pattern
    return len(text) >= len(start) + len(end) and text.startswith(start) and text.endswith(end)
