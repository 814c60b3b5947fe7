"""Encryption with customer-provided keys: nothing is encrypted, but reads require the key."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from strict_s3.messages.checksums import decoded
from strict_s3.messages.errors import S3Error, access_denied, invalid_argument, invalid_request

ENCRYPTION = "x-amz-server-side-encryption"
KMS_KEY = f"{ENCRYPTION}-aws-kms-key-id"
BUCKET_KEY = f"{ENCRYPTION}-bucket-key-enabled"
SOURCE = "x-amz-copy-source-server-side-encryption"
_MD5 = "customer_key_md5"
"""Attribute of moto's keys and uploads."""
_KEY_BYTES = 32
_PROVIDE = "Requests specifying Server Side Encryption with Customer provided keys must provide "


def key_md5(headers: Mapping[str, str], prefix: str = ENCRYPTION) -> str:
    """Return the MD5 of the customer's key in a request, as sent; empty without one.

    The prefix is that of the headers' names.

    Raises:
        S3Error: InvalidArgument, InvalidEncryptionAlgorithmError.
    """
    names = [f"{prefix}-customer-{name}" for name in ("algorithm", "key", "key-md5")]
    algorithm, key, md5 = (headers.get(name, "") for name in names)
    if not any(name in headers for name in names):
        return ""
    if ENCRYPTION in headers and prefix == ENCRYPTION:
        message = (
            "Server Side Encryption with Customer provided key is incompatible with the encryption method "
            "specified"
        )
        raise invalid_argument(message, ENCRYPTION, headers[ENCRYPTION])
    if not algorithm:
        raise invalid_argument(f"{_PROVIDE}a valid encryption algorithm.", names[0], "null")
    if algorithm != "AES256":
        message = "The encryption request that you specified is not valid. The valid value is AES256."
        raise S3Error(400, "InvalidEncryptionAlgorithmError", message, {"ArgumentName": names[0]})
    if not key:
        raise invalid_argument(f"{_PROVIDE}an appropriate secret key.", names[1], "null")
    if not md5:
        message = f"{_PROVIDE}the client calculated MD5 of the secret key."
        raise invalid_argument(message, names[2], "null")
    content = decoded(key)
    if len(content) != _KEY_BYTES:
        message = "The secret key was invalid for the specified algorithm."
        raise invalid_argument(message, names[1], "null")
    if b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode() != md5:
        message = "The calculated MD5 hash of the key did not match the hash that was provided."
        raise invalid_argument(message, names[2], md5)
    return md5


def check_key(headers: Mapping[str, str], owner: Any, prefix: str = ENCRYPTION) -> None:
    """Raise `S3Error` unless a request has the key that an object, or an upload, was made with."""
    presented, expected = key_md5(headers, prefix), key_md5_of(owner)
    if presented == expected:
        return
    if not presented:
        raise invalid_request(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be "
            "provided to retrieve the object."
        )
    if not expected:
        raise invalid_request("The encryption parameters are not applicable to this object.")
    raise access_denied(f"{_PROVIDE}the correct secret key.")


def check_part(headers: Mapping[str, str], upload: Any) -> None:
    """Raise `S3Error` unless a part of an upload has the key that the upload has."""
    if key_md5(headers) != key_md5_of(upload):
        raise invalid_request("The provided encryption parameters did not match the ones used originally.")


def check_read(headers: Mapping[str, str]) -> None:
    """Raise InvalidArgument if a request to read an object has headers that encrypt one."""
    if ENCRYPTION in headers:
        message = f"{ENCRYPTION} header is not supported for this operation."
        raise invalid_argument(message, ENCRYPTION, headers[ENCRYPTION])


def key_md5_of(owner: Any) -> str:
    """Return the MD5 of the key that an object, or an upload, was made with; empty for none."""
    return str(getattr(owner, _MD5, ""))


def set_key_md5(owner: Any, md5: str) -> None:
    """Set the MD5 of the key that an object, or an upload, was made with."""
    setattr(owner, _MD5, md5)


def response_headers(owner: Any) -> list[tuple[str, str]]:
    """Return the header fields that say with which key an object, or an upload, was made."""
    md5 = key_md5_of(owner)
    fields = {"algorithm": "AES256", "key-md5": md5} if md5 else {}
    return [(f"{ENCRYPTION}-customer-{name}", value) for name, value in fields.items()]
