"""What stands in a form, one defect at a time: what S3 responds to each.

The expected responses are those of the real service where they are recorded or documented.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ENCRYPTION = "x-amz-server-side-encryption"
MUST_CONTAIN_KEY = (
    "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."
)
SHA256_OF_OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
MD5_OF_OTHER = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()

REFUSED: dict[str, tuple[Callable[[Any], Any], Any, *tuple[dict[str, str], ...]]] = {
    "missing_key": (
        lambda form: form.drop("key"),
        (400, "InvalidArgument", MUST_CONTAIN_KEY),
        {"ArgumentName": "key", "ArgumentValue": ""},
    ),
    "missing_file": (
        lambda form: form.send(None),
        (400, "InvalidArgument", "POST requires exactly one file upload per request."),
        {"ArgumentName": "file", "ArgumentValue": "0"},
    ),
    "checksum_sha256_wrong": (
        lambda form: form.allow({"x-amz-checksum-sha256": SHA256_OF_OTHER}),
        (400, "BadDigest", "The SHA256 you specified did not match the calculated checksum."),
    ),
    "checksum_sha256_malformed": (
        lambda form: form.allow({"x-amz-checksum-sha256": "not-base64"}),
        (400, "InvalidRequest", "Value for x-amz-checksum-sha256 header is invalid."),
    ),
    "checksums_of_two_kinds": (
        lambda form: form.allow(
            {"x-amz-checksum-sha256": SHA256_OF_OTHER, "x-amz-checksum-crc32": "AAAAAA=="}
        ),
        (
            400,
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ),
    ),
    "content_md5_wrong": (
        lambda form: form.allow({"Content-MD5": MD5_OF_OTHER}),
        (400, "BadDigest", "The Content-MD5 you specified did not match what we received."),
        {"ExpectedDigest": MD5_OF_OTHER},
    ),
    "file_first": (
        lambda form: setattr(form, "file_first", True),
        (400, "InvalidArgument", MUST_CONTAIN_KEY),
        {"ArgumentName": "key", "ArgumentValue": ""},
    ),
    "prefile_fields_over_20KB": (
        lambda form: form.put("x-ignore-much", "x" * 21_000),
        (
            400,
            "MaxPostPreDataLengthExceeded",
            "Your POST request fields preceeding the upload file was too large.",
        ),
        {"MaxPostPreDataLengthBytes": "20480"},
    ),
    "acl_public-read_field": (
        lambda form: form.allow({"acl": "public-read"}),
        (400, "AccessControlListNotSupported", "The bucket does not allow ACLs"),
    ),
    "acl_unknown": (
        lambda form: form.allow({"acl": "everyone"}),
        (400, "InvalidArgument", ""),
        {"ArgumentName": "x-amz-acl", "ArgumentValue": "everyone"},
    ),
    "tagging_not_xml": (
        lambda form: form.allow({"tagging": "a=b"}),
        (
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ),
    "tagging_of_another_root": (
        lambda form: form.allow({"tagging": "<Other><TagSet/></Other>"}),
        (
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ),
    "storage_class_unknown": (
        lambda form: form.allow({"x-amz-storage-class": "SHELF"}),
        (400, "InvalidStorageClass", "The storage class you specified is not valid"),
        {"StorageClassRequested": "SHELF"},
    ),
    "encryption_unknown": (
        lambda form: form.allow({ENCRYPTION: "ROT13"}),
        (400, "InvalidArgument", "The encryption method specified is not supported"),
    ),
    "kms_key_without_kms": (
        lambda form: form.allow({f"{ENCRYPTION}-aws-kms-key-id": "a-key"}),
        (
            400,
            "InvalidArgument",
            f"Server Side Encryption with AWS KMS managed key requires HTTP header {ENCRYPTION} : aws:kms",
        ),
    ),
    "redirect_location_unknown": (
        lambda form: form.allow({"x-amz-website-redirect-location": "ftp://host"}),
        (
            400,
            "InvalidRedirectLocation",
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        ),
    ),
    "key_too_long": (
        lambda form: form.allow_key("k" * 1025),
        (400, "KeyTooLongError", "Your key is too long"),
        {"Size": "1025", "MaxSizeAllowed": "1024"},
    ),
    "key_empty": (
        lambda form: form.allow_key(""),
        (400, "InvalidArgument", "User key must have a length greater than 0."),
    ),
    "metadata_too_large": (
        lambda form: form.allow({"x-amz-meta-long": "x" * 2050}),
        (400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"),
        {"MaxSizeAllowed": "2048"},
    ),
    "header_injection": (
        lambda form: form.allow({"Content-Disposition": "inline\r\nSet-Cookie: a=b"}),
        (400, "InvalidArgument", "Header value cannot be represented using ISO-8859-1."),
    ),
    "metadata_name_no_header": (
        lambda form: form.allow({"x-amz-meta-a b": "x"}),
        (400, "InvalidArgument", "Your metadata name is not a valid header name."),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_defect_is_refused_in_s3s_words(name, form, refused):
    """A form with one wrong field or file gets S3's status, code, message and elements for it."""
    spoil, refusal, *elements = REFUSED[name]
    spoil(form)
    assert refused(form, *elements) == (refusal, *elements)


def test_no_such_bucket(form, post, error):
    """A form for a bucket that does not exist is a NoSuchBucket."""
    response = post(form, bucket="no-such-bucket")
    elements = error(response)
    assert (response.status_code, elements["Code"], elements["BucketName"]) == (
        404, "NoSuchBucket", "no-such-bucket"
    )  # fmt: skip


def test_only_multipart_forms(bucket, server, error):
    """A POST that is no multipart form fails a precondition."""
    response = httpx2.post(f"{server.url}/{bucket}", data={"key": "x"})
    elements = error(response)
    assert (response.status_code, elements["Code"]) == (412, "PreconditionFailed")
    assert elements["Condition"] == "Bucket POST must be of the enclosure-type multipart/form-data"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/form-data", b"--b--\r\n"),
        ("multipart/form-data; boundary=b", b"no boundary"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--bogus"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n\xff\r\n--b--',
        ),
    ],
)
def test_malformed_forms(media_type, body, bucket, server, error):
    """A body that is no well-formed multipart/form-data is a MalformedPOSTRequest."""
    response = httpx2.post(f"{server.url}/{bucket}", content=body, headers={"Content-Type": media_type})
    assert (response.status_code, error(response)["Code"]) == (400, "MalformedPOSTRequest")


def test_file_cut_short_is_malformed(form, server, error, client):
    """A file without the boundary that ends it is not stored."""
    body = form.body().rpartition(b"\r\n--")[0]
    response = httpx2.post(
        f"{server.url}/{form.bucket}",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary={form.boundary}"},
    )
    assert error(response)["Code"] == "MalformedPOSTRequest"
    assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0
