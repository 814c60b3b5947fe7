"""The headers that set the attributes of an object, validated as S3 does, before its content is read."""

import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from strict_s3.auth.authentication import Signed, check_encryption
from strict_s3.buckets.documents import check_tagging_header, check_tags
from strict_s3.messages.checksums import is_checksum
from strict_s3.messages.errors import invalid_argument, invalid_request, refusal
from strict_s3.messages.orders import Bucket
from strict_s3.store.acl import check_acl
from strict_s3.store.customer_keys import BUCKET_KEY, ENCRYPTION, KMS_KEY, key_md5
from strict_s3.store.locks import check_headers as check_lock
from strict_s3.store.locks import is_locked

MAX_KEY_BYTES = 1024
MAX_METADATA_BYTES = 2048
METADATA = "x-amz-meta-"

_KEY_OF_AWS = "6a1f0d5c-7b0e-4c53-9d6e-2f1b8a4c3e70"
"""The id of the default KMS key."""
_ENCRYPTIONS = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})
_STORAGE_CLASSES = frozenset({
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR",
})  # fmt: skip
_RESTORED = ("GLACIER", "DEEP_ARCHIVE")
"""Storage classes whose objects must be restored before they are read, which is not implemented."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
SYSTEM = (
    "cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "expires"
)  # fmt: skip
_OF_OBJECTS = re.compile(
    r"x-amz-(?:acl|storage-class|tagging|website-redirect-location"
    r"|(?:meta|grant|object-lock|server-side-encryption|checksum)(?:-.*)?)",
    re.DOTALL,
)
"""The fields of a form that set attributes of its object."""

_VERIFYING = ("content-md5", "x-amz-sdk-checksum-algorithm", "x-amz-trailer")
_TRANSFER = frozenset({
    "host", "authorization", "content-length", "content-encoding", "transfer-encoding", "expect",
    "connection",
    "content-md5", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-trailer",
    "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-moto-account-id", "origin", "range",
})  # fmt: skip


def check_key(key: str) -> None:
    """Raise KeyTooLongError or InvalidArgument unless S3 accepts this key."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > MAX_KEY_BYTES:
        raise refusal("KeyTooLongError", Size=size, MaxSizeAllowed=MAX_KEY_BYTES)
    if not key:
        raise invalid_argument("User key must have a length greater than 0.", "key", "")


def check_attributes(headers: Mapping[str, str], bucket: Bucket, signed: Signed | None) -> None:
    """Raise `S3Error` unless an object of this bucket can have these headers (names in lower case)."""
    check_acl(headers, bucket)
    storage_class = headers.get("x-amz-storage-class", "STANDARD")
    if storage_class in _RESTORED:
        raise refusal("NotImplemented", Header="x-amz-storage-class")
    if storage_class not in _STORAGE_CLASSES:
        raise refusal("InvalidStorageClass", StorageClassRequested=storage_class)
    key_md5(headers)
    encryption = headers.get(ENCRYPTION, "AES256")
    if encryption not in _ENCRYPTIONS:
        message = "The encryption method specified is not supported"
        raise invalid_argument(message, ENCRYPTION, encryption)
    if encryption == "AES256" and KMS_KEY in headers:
        message = "Server Side Encryption with AWS KMS managed key requires HTTP header {} : aws:kms"
        raise invalid_argument(message.format(ENCRYPTION), ENCRYPTION, encryption)
    location = headers.get("x-amz-website-redirect-location", "/")
    if not location.startswith(("/", "http://", "https://")):
        raise refusal("InvalidRedirectLocation")
    check_tagging_header(headers.get("x-amz-tagging", ""))
    check_lock(headers, bucket)
    check_encryption(signed, stored_headers(headers, bucket).get(ENCRYPTION))
    _check_metadata(headers)


def check_verified(headers: Mapping[str, str], bucket: Bucket) -> None:
    """Raise InvalidRequest if an object that will be locked comes without a checksum."""
    is_verified = any(name in _VERIFYING or is_checksum(name) for name in headers)
    if (bucket.locks or is_locked(headers)) and not is_verified:
        raise invalid_request(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
            "parameters"
        )


def _check_metadata(headers: Mapping[str, str]) -> None:
    size = sum(
        len(name) - len(METADATA) + len(value.encode("utf-8", "surrogatepass"))
        for name, value in headers.items()
        if name.startswith(METADATA)
    )
    if size > MAX_METADATA_BYTES:
        raise refusal("MetadataTooLarge", Size=size, MaxSizeAllowed=MAX_METADATA_BYTES)


def moto_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers for moto: all but those that concern only the transfer."""
    fields = {
        name: value for name, value in headers.items() if name not in _TRANSFER and not is_checksum(name)
    }
    codings = [
        coding for coding in headers.get("content-encoding", "").split(",") if coding.strip() != "aws-chunked"
    ]
    if source := fields.get("x-amz-copy-source"):  # S3 reads a plus as a space, moto as itself
        path, mark, query = source.partition("?")
        fields["x-amz-copy-source"] = path.replace("+", "%20") + mark + query
    if any(coding.strip() for coding in codings):
        fields["content-encoding"] = ",".join(codings).strip()
    return fields


def stored_headers(headers: Mapping[str, str], bucket: Bucket) -> dict[str, str]:
    """Return the headers that a new object is stored with: those of its request, and S3's defaults."""
    stored = {name: _header_value(name, value) for name, value in moto_headers(headers).items()}
    if ENCRYPTION not in stored and f"{ENCRYPTION}-customer-algorithm" not in stored:
        stored |= bucket.encryption
    if stored.get(ENCRYPTION, "").startswith("aws:kms"):
        key = stored.get(KMS_KEY, _KEY_OF_AWS)
        stored[KMS_KEY] = key if key.startswith("arn:") else bucket.kms_keys + key
    if stored.get(BUCKET_KEY) != "true":
        stored.pop(BUCKET_KEY, None)
    return stored


def headers_of_form(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a PUT of the same object (names in lower case).

    Raises:
        S3Error: MalformedXML, InvalidTag, InvalidArgument; a field cannot be such a header.
    """
    headers = {name: fields[name] for name in (*SYSTEM, "content-md5") if fields.get(name)}
    headers |= {name: value for name, value in fields.items() if _OF_OBJECTS.fullmatch(name)}
    if "acl" in fields:
        headers["x-amz-acl"] = fields["acl"]
    if "tagging" in fields:
        headers["x-amz-tagging"] = urlencode(check_tags(fields["tagging"].encode()))
    return {name: _header_value(name, value) for name, value in headers.items()}


def _header_value(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise invalid_argument("Your metadata name is not a valid header name.", name, value)
    if name.startswith(METADATA) and not _PRINTABLE.fullmatch(value):
        return f"=?UTF-8?B?{b64encode(value.encode('utf-8', 'surrogatepass')).decode()}?="
    if CONTROL.search(value):
        raise invalid_argument("Header value cannot be represented using ISO-8859-1.", name, value)
    return value
