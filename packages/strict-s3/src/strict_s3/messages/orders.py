"""Orders, which are authenticated requests for moto, and the buckets that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from .cors import CorsRule
from .request import NOBODY, Caller, Request

DEFAULT_REGION: Final = "us-east-1"
MAX_OBJECT_BYTES: Final = 5 * 1024**3
"""The most that S3 accepts in one upload."""

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The state of a bucket.

    Attributes:
        region: of the bucket.
        cors: its CORS rules.
        policy: its bucket policy, as put; None for none.
        public: the permissions that its ACL grants to everyone, such as ``WRITE``.
        has_acls: whether objects may have ACLs; a bucket made without one has them switched off.
        blocks: the settings of its public access block that are on, such as ``blockPublicPolicy``.
        encrypts: whether it has a default encryption of its own.
        encryption: the headers by which its objects are encrypted, by default.
        kms_keys: the prefix of the ARNs of its region's KMS keys.
        versioning: ``Enabled``, ``Suspended``, or empty if it was never versioned.
        has_lock: whether versions can be locked.
        locks: whether new versions are locked by default.
    """

    name: str
    region: str
    cors: tuple[CorsRule, ...]
    policy: bytes | None
    public: frozenset[str]
    has_acls: bool
    blocks: frozenset[str]
    encrypts: bool
    encryption: Mapping[str, str]
    kms_keys: str
    versioning: str
    has_lock: bool
    locks: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A request without signature and content, for moto.

    Attributes:
        method: as sent.
        bucket: the bucket; empty for the service.
        key: the key; empty for the bucket.
        query: names and values, decoded.
        headers: values by name in lower case.
        region: the region that it is made in.
        body: an XML or JSON document; never the content of an object.
        caller: who makes the request.
    """

    method: str
    bucket: str
    key: str = ""
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    region: str = DEFAULT_REGION
    body: bytes = b""
    caller: Caller = NOBODY

    @classmethod
    def of(cls, request: Request, bucket: Bucket, headers: Mapping[str, str], body: bytes = b"") -> Self:
        """Return the order of a request to a bucket, with the headers and the body for moto."""
        query, key = request.query, request.key
        return cls(request.method, bucket.name, key, query, headers, bucket.region, body, request.caller)

    def has(self, *names: str) -> bool:
        """Return whether one of these query parameters is there."""
        return any(name in names for name, _ in self.query)

    def parameter(self, name: str) -> str:
        """Return the value of a query parameter; empty if it is not there."""
        return next((value for parameter, value in self.query if parameter == name), "")
