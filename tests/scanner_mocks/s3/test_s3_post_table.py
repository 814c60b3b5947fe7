"""One form defect at a time: what S3 answers to each.

The expected answers are those of the real service where they are recorded or documented.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024**2
MUST_CONTAIN = (
    "Bucket POST must contain a field named '{}'.  If it is specified, please check the order of the fields."
)
CONDITION_FAILED = 'Invalid according to Policy: Policy Condition failed: ["eq", "${}", "{}"]'
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)


@dataclass
class Refusal:
    """What S3 answers to a defect; `message` may use the form."""

    status: int
    code: str
    message: str | Callable[[Any], str]
    elements: dict[str, str] = field(default_factory=dict)


def missing(name: str) -> Refusal:
    """Refuse a form without a field."""
    elements = {"ArgumentName": name, "ArgumentValue": ""}
    return Refusal(400, "InvalidArgument", MUST_CONTAIN.format(name), elements)


def condition(name: str, field_name: str | None = None) -> Refusal:
    """Refuse a form whose field is not as its condition says."""

    def message(form: Any) -> str:
        wanted = next(c[name] for c in form.conditions if isinstance(c, dict) and name in c)
        return CONDITION_FAILED.format(field_name or name, wanted)

    return Refusal(403, "AccessDenied", message)


def put(name: str, value: str) -> Callable[[Any], None]:
    """Change a field after the form is signed."""
    return lambda form: form.fields.__setitem__(name, value)


def drop(*names: str) -> Callable[[Any], None]:
    """Leave fields out after the form is signed."""

    def change(form: Any) -> None:
        for name in names:
            del form.fields[name]

    return change


def content(value: bytes | None) -> Callable[[Any], None]:
    """Send another file, or none."""
    return lambda form: setattr(form, "file", value)


def resigned(**attributes: Any) -> Callable[[Any], None]:
    """Change the form, and sign it again."""

    def change(form: Any) -> None:
        for name, value in attributes.items():
            setattr(form, name, value)
        form.signed()

    return change


def with_condition(fields: dict[str, str], *conditions: Any) -> Callable[[Any], None]:
    """Add fields and their conditions, and sign again."""

    def change(form: Any) -> None:
        form.fields |= fields
        form.conditions += conditions or [{name: value} for name, value in fields.items()]
        form.signed()

    return change


def key_of(key: str) -> Callable[[Any], None]:
    """Ask for a key that the policy allows."""

    def change(form: Any) -> None:
        form.fields["key"], form.conditions[1] = key, ["starts-with", "$key", ""]
        form.signed()

    return change


def with_policy(policy: Any) -> Callable[[Any], None]:
    """Sign another policy."""
    return lambda form: form.signed(policy)


def policy_error(message: str) -> Refusal:
    """Refuse a policy that cannot be read."""
    return Refusal(400, "InvalidPolicyDocument", f"Invalid Policy: {message}")


SIGNING = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
SHA256_OF_OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
MD5_OF_OTHER = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()

REFUSED: dict[str, tuple[Callable[[Any], Any], Refusal]] = {
    "tampered_key": (put("key", "photos/other.png"), condition("key")),
    "missing_x-amz-meta-user": (drop("x-amz-meta-user"), condition("x-amz-meta-user")),
    "missing_Content-Type": (drop("Content-Type"), condition("Content-Type")),
    "missing_policy": (drop("policy"), missing("Policy")),
    "missing_x-amz-signature": (drop("x-amz-signature"), missing("X-Amz-Signature")),
    "missing_x-amz-algorithm": (drop("x-amz-algorithm"), missing("X-Amz-Algorithm")),
    "missing_x-amz-credential": (drop("x-amz-credential"), missing("X-Amz-Credential")),
    "missing_x-amz-date": (drop("x-amz-date"), missing("X-Amz-Date")),
    "missing_key": (drop("key"), missing("key")),
    "missing_file": (
        content(None),
        Refusal(
            400,
            "InvalidArgument",
            "POST requires exactly one file upload per request.",
            {"ArgumentName": "file", "ArgumentValue": "0"},
        ),
    ),
    "anonymous_no_policy": (drop("policy", *SIGNING), Refusal(403, "AccessDenied", "Access Denied")),
    "no_signing_field_at_all": (drop(*SIGNING), Refusal(403, "AccessDenied", "Access Denied")),
    "wrong_content_type_field": (put("Content-Type", "image/jpeg"), condition("Content-Type")),
    "content_type_case_differs": (put("Content-Type", "image/PNG"), condition("Content-Type")),
    "too_large_10MiB+1": (
        content(b"x" * (10 * MEBIBYTE + 1)),
        Refusal(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            {"ProposedSize": "10485761", "MaxSizeAllowed": "10485760"},
        ),
    ),
    "empty_file": (
        content(b""),
        Refusal(
            400,
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            {"ProposedSize": "0", "MinSizeAllowed": "1"},
        ),
    ),
    "expired_policy": (
        resigned(expires_in=timedelta(seconds=-1)),
        Refusal(403, "AccessDenied", "Invalid according to Policy: Policy expired."),
    ),
    "changed_signature": (put("x-amz-signature", "0" * 64), Refusal(403, "SignatureDoesNotMatch", MISMATCH)),
    "signature_not_ascii": (
        put("x-amz-signature", "ü" * 32),
        Refusal(403, "SignatureDoesNotMatch", MISMATCH),
    ),
    "changed_policy_old_sig": (
        lambda form: form.fields.update(policy=form.fields["policy"].replace("e", "f", 1)),
        Refusal(403, "SignatureDoesNotMatch", MISMATCH),
    ),
    "unknown_access_key": (
        resigned(access_key="AKIDUNKNOWN"),
        Refusal(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            {"AWSAccessKeyId": "AKIDUNKNOWN"},
        ),
    ),
    "wrong_secret": (resigned(secret="wrong"), Refusal(403, "SignatureDoesNotMatch", MISMATCH)),
    "wrong_region_scope": (
        resigned(region="eu-west-1"),
        Refusal(
            400,
            "InvalidArgument",
            "the region 'eu-west-1' is wrong; expecting 'us-west-2'",
            {"ArgumentName": "X-Amz-Credential", "Region": "us-west-2"},
        ),
    ),
    "malformed_credential": (
        put("x-amz-credential", "AKIA"),
        Refusal(
            400,
            "InvalidArgument",
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            {"ArgumentName": "X-Amz-Credential", "ArgumentValue": "AKIA"},
        ),
    ),
    "malformed_date": (
        put("x-amz-date", "today"),
        Refusal(
            400,
            "InvalidArgument",
            "X-Amz-Date must be formated via ISO8601 Long format",
            {"ArgumentName": "X-Amz-Date", "ArgumentValue": "today"},
        ),
    ),
    "wrong_algorithm": (
        put("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        Refusal(400, "InvalidArgument", "Only AWS4-HMAC-SHA256 is supported"),
    ),
    "signature_version_2": (
        lambda form: (
            drop(*SIGNING)(form),
            form.fields.update(AWSAccessKeyId=form.access_key, signature="c2ln"),
        ),
        Refusal(
            400,
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ),
    ),
    "token_of_a_lasting_credential": (
        resigned(token="a-token"),
        Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
    ),
    "extra_field_x-amz-meta": (
        put("x-amz-meta-more", "x"),
        Refusal(403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-meta-more"),
    ),
    "extra_field_foo": (
        put("Foo", "x"),
        Refusal(403, "AccessDenied", "Invalid according to Policy: Extra input fields: foo"),
    ),
    "no_bucket_condition": (
        lambda form: (form.conditions.pop(0), form.signed()),
        Refusal(403, "AccessDenied", "Invalid according to Policy: Extra input fields: bucket"),
    ),
    "policy_for_other_bucket": (
        lambda form: (form.conditions.__setitem__(0, {"bucket": "another"}), form.signed()),
        condition("bucket"),
    ),
    "bucket_field_differs_from_url": (
        lambda form: (
            form.fields.update(bucket="another"),
            form.conditions.__setitem__(0, {"bucket": "another"}),
            form.signed(),
        ),
        condition("bucket"),
    ),
    "checksum_sha256_wrong": (
        with_condition({"x-amz-checksum-sha256": SHA256_OF_OTHER}),
        Refusal(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum."),
    ),
    "checksum_sha256_malformed": (
        with_condition({"x-amz-checksum-sha256": "not-base64"}),
        Refusal(400, "InvalidRequest", "Value for x-amz-checksum-sha256 header is invalid."),
    ),
    "checksums_of_two_kinds": (
        with_condition({"x-amz-checksum-sha256": SHA256_OF_OTHER, "x-amz-checksum-crc32": "AAAAAA=="}),
        Refusal(
            400,
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ),
    ),
    "content_md5_wrong": (
        with_condition({"Content-MD5": MD5_OF_OTHER}),
        Refusal(
            400,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            {"ExpectedDigest": MD5_OF_OTHER},
        ),
    ),
    "policy_field_after_file": (
        lambda form: form.after.append(("x-amz-meta-user", form.fields.pop("x-amz-meta-user"))),
        condition("x-amz-meta-user"),
    ),
    "file_first": (lambda form: setattr(form, "file_first", True), missing("key")),
    "prefile_fields_over_20KB": (
        put("x-ignore-much", "x" * 21_000),
        Refusal(
            400,
            "MaxPostPreDataLengthExceeded",
            "Your POST request fields preceeding the upload file was too large.",
            {"MaxPostPreDataLengthBytes": "20480"},
        ),
    ),
    "condition_two_props": (
        lambda form: (form.conditions.append({"a": "1", "b": "2"}), form.signed()),
        policy_error("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
    ),
    "condition_no_props": (
        lambda form: (form.conditions.append({}), form.signed()),
        policy_error("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
    ),
    "condition_not_a_string": (
        lambda form: (form.conditions.append({"a": 1}), form.signed()),
        policy_error("Invalid Simple-Condition: value must be a string."),
    ),
    "condition_without_dollar": (
        lambda form: (form.conditions.append(["eq", "key", form.fields["key"]]), form.signed()),
        Refusal(
            403,
            "AccessDenied",
            lambda form: CONDITION_FAILED.format("", "").replace('"$", ""', f'"key", "{form.fields["key"]}"'),
        ),
    ),
    "condition_on_absent_field_with_empty_prefix": (
        lambda form: (form.conditions.append(["starts-with", "$x-amz-meta-more", ""]), form.signed()),
        Refusal(
            403,
            "AccessDenied",
            'Invalid according to Policy: Policy Condition failed: ["starts-with", "$x-amz-meta-more", ""]',
        ),
    ),
    "range_not_numeric": (
        lambda form: (form.conditions.append(["content-length-range", "test", 10]), form.signed()),
        Refusal(
            403,
            "AccessDenied",
            'Invalid according to Policy: Policy Condition failed: ["content-length-range", "test", "10"]',
        ),
    ),
    "policy_not_json": (with_policy("{expiration"), policy_error("Invalid JSON.")),
    "expiration_with_offset": (
        with_policy(lambda policy: {**policy, "expiration": "2037-01-01T00:00:00+00:00"}),
        policy_error("Invalid 'expiration' value: '2037-01-01T00:00:00+00:00'"),
    ),
    "expiration_with_space": (
        with_policy(lambda policy: {**policy, "expiration": "2037-01-01 00:00:00Z"}),
        policy_error("Invalid 'expiration' value: '2037-01-01 00:00:00Z'"),
    ),
    "no_expiration": (
        with_policy(lambda policy: {"conditions": policy["conditions"]}),
        policy_error("Policy missing expiration."),
    ),
    "no_conditions": (
        with_policy(lambda policy: {"expiration": policy["expiration"]}),
        policy_error("Policy missing conditions."),
    ),
    "acl_public-read_field": (
        with_condition({"acl": "public-read"}),
        Refusal(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"),
    ),
    "acl_unknown": (
        with_condition({"acl": "everyone"}),
        Refusal(400, "InvalidArgument", "", {"ArgumentName": "x-amz-acl", "ArgumentValue": "everyone"}),
    ),
    "tagging_not_xml": (
        with_condition({"tagging": "a=b"}),
        Refusal(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ),
    "storage_class_unknown": (
        with_condition({"x-amz-storage-class": "SHELF"}),
        Refusal(
            400,
            "InvalidStorageClass",
            "The storage class you specified is not valid",
            {"StorageClassRequested": "SHELF"},
        ),
    ),
    "encryption_unknown": (
        with_condition({"x-amz-server-side-encryption": "ROT13"}),
        Refusal(400, "InvalidArgument", "The encryption method specified is not supported"),
    ),
    "redirect_location_unknown": (
        with_condition({"x-amz-website-redirect-location": "ftp://host"}),
        Refusal(
            400,
            "InvalidRedirectLocation",
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        ),
    ),
    "key_too_long": (
        key_of("k" * 1025),
        Refusal(400, "KeyTooLongError", "Your key is too long", {"Size": "1025", "MaxSizeAllowed": "1024"}),
    ),
    "key_empty": (key_of(""), Refusal(400, "InvalidArgument", "User key must have a length greater than 0.")),
    "metadata_too_large": (
        with_condition({"x-amz-meta-long": "x" * 2050}),
        Refusal(
            400,
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            {"MaxSizeAllowed": "2048"},
        ),
    ),
    "header_injection": (
        with_condition({"Content-Disposition": "inline\r\nSet-Cookie: a=b"}),
        Refusal(400, "InvalidArgument", "Header value cannot be represented using ISO-8859-1."),
    ),
    "metadata_name_no_header": (
        with_condition({"x-amz-meta-a b": "x"}),
        Refusal(400, "InvalidArgument", "Your metadata name is not a valid header name."),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_defect_is_refused_in_s3s_words(name, form, post, error, client):
    """A form with one defect gets S3's status, code, message and elements for it, and nothing is stored."""
    spoil, refusal = REFUSED[name]
    spoil(form)
    response = post(form)
    elements = error(response)
    message = refusal.message if isinstance(refusal.message, str) else refusal.message(form)
    assert (response.status_code, elements["Code"], elements["Message"]) == (
        refusal.status, refusal.code, message
    )  # fmt: skip
    assert {key: elements.get(key) for key in refusal.elements} == refusal.elements
    assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0


@dataclass
class Acceptance:
    """What S3 answers to a form that it accepts, and what it stores."""

    status: int = 204
    key: Callable[[Any], str] = lambda form: form.fields["key"]
    stored: dict[str, Any] = field(default_factory=dict)


def named(filename: str | None, suffix: str) -> tuple[Callable[[Any], Any], Acceptance]:
    """Upload a file of this name to the key `photos/${filename}`."""

    def change(form: Any) -> None:
        form.filename = filename
        form.fields["key"] = "photos/${filename}"
        form.conditions[1] = ["starts-with", "$key", "photos/"]
        form.signed()

    return change, Acceptance(key=lambda _: f"photos/{suffix}")


SHA256 = base64.b64encode(hashlib.sha256(b"a photo").digest()).decode()
MD5 = base64.b64encode(hashlib.md5(b"a photo", usedforsecurity=False).digest()).decode()

ACCEPTED: dict[str, tuple[Callable[[Any], Any], Acceptance]] = {
    "good": (
        lambda _: None,
        Acceptance(
            stored={
                "ContentType": "image/png",
                "Metadata": {"user": "u1", "session": "s1"},
                "ServerSideEncryption": "AES256",
            }
        ),
    ),
    "exactly_10MiB": (content(b"x" * 10 * MEBIBYTE), Acceptance(stored={"ContentLength": 10 * MEBIBYTE})),
    "one_byte": (content(b"x"), Acceptance(stored={"ContentLength": 1})),
    "extra_field_x-ignore": (put("x-ignore-me", "x"), Acceptance()),
    "bucket_field_equal": (lambda form: form.fields.update(bucket=form.bucket), Acceptance()),
    "success_action_status_204": (with_condition({"success_action_status": "204"}), Acceptance()),
    "success_action_status_404": (with_condition({"success_action_status": "404"}), Acceptance()),
    "success_action_status_200": (with_condition({"success_action_status": "200"}), Acceptance(200)),
    "success_action_redirect_no_url": (with_condition({"success_action_redirect": "no url"}), Acceptance()),
    "checksum_sha256_ok": (with_condition({"x-amz-checksum-sha256": SHA256}), Acceptance()),
    "content_md5_ok": (with_condition({"Content-MD5": MD5}), Acceptance()),
    "two_file_fields": (lambda form: form.after.append(("file", "another")), Acceptance()),
    "second_file_other_name": (lambda form: form.after.append(("photo", "another")), Acceptance()),
    "unlisted_field_after_file": (lambda form: form.after.append(("foo", "x")), Acceptance()),
    "unicode_filename": (lambda form: setattr(form, "filename", "фото.png"), Acceptance()),
    "no_filename": (lambda form: setattr(form, "filename", None), Acceptance()),
    "filename_var": named("cat.png", "cat.png"),
    "filename_var_unicode": named("фото.png", "фото.png"),
    "filename_var_slash": named("a/b.png", "b.png"),
    "filename_var_backslash": named("C:\\x\\y.png", "y.png"),
    "filename_var_empty": named("", ""),
    "filename_var_without_filename": named(None, "${filename}"),
    "unicode_key": (key_of("photos/фото ünd mehr+%2F&.png"), Acceptance()),
    "key_of_1024_bytes": (key_of("k" * 1024), Acceptance()),
    "key_that_climbs": (key_of("../../etc/passwd"), Acceptance()),
    "key_with_nul": (key_of("photos/a\0b"), Acceptance()),
    "field_names_other_case": (
        lambda form: setattr(form, "fields", {name.swapcase(): value for name, value in form.fields.items()}),
        Acceptance(key=lambda form: form.fields["KEY"]),
    ),
    "condition_names_other_case": (
        with_policy(
            lambda policy: {
                **policy,
                "conditions": [
                    {name.swapcase(): value for name, value in one.items()} if isinstance(one, dict) else one
                    for one in policy["conditions"]
                ],
            }
        ),
        Acceptance(),
    ),
    "all_parts_have_filename": (lambda form: setattr(form, "filenames_everywhere", True), Acceptance()),
    "no_content_type_field": (
        lambda form: (form.fields.pop("Content-Type"), form.conditions.pop(2), form.signed()),
        Acceptance(stored={"ContentType": "binary/octet-stream"}),
    ),
    "content_types_in_a_list": (
        lambda form: (
            form.fields.update({"Content-Type": "image/png, image/gif"}),
            form.conditions.__setitem__(2, ["starts-with", "$Content-Type", "image/"]),
            form.signed(),
        ),
        Acceptance(stored={"ContentType": "image/png, image/gif"}),
    ),
    "temporary_credential_with_its_token": (
        resigned(access_key="ASIAIOSFODNN7EXAMPLE", token="a-session-token"),
        Acceptance(),
    ),
    "acl_private": (with_condition({"acl": "private"}), Acceptance()),
    "metadata_not_ascii": (
        with_condition({"x-amz-meta-name": "фото\r\nX: y"}),
        Acceptance(
            stored={"Metadata": {"user": "u1", "session": "s1", "name": "=?UTF-8?B?0YTQvtGC0L4NClg6IHk=?="}}
        ),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_each_good_form_is_stored(name, form, post, client):
    """A form that its policy allows is answered as it asks, and its file is stored as its fields say."""
    change, acceptance = ACCEPTED[name]
    change(form)
    response = post(form)
    assert (response.status_code, response.content) == (acceptance.status, b"")
    key = acceptance.key(form)
    stored = client.get_object(Bucket=form.bucket, Key=key)
    assert stored["Body"].read() == form.file
    assert {name: stored[name] for name in acceptance.stored} == acceptance.stored
    assert (
        response.headers["ETag"]
        == stored["ETag"]
        == f'"{hashlib.md5(form.file, usedforsecurity=False).hexdigest()}"'
    )
    assert response.headers["Location"].endswith(f"/{form.bucket}/{quote(key, safe='')}")


def test_201_describes_the_object(form, post, server):
    """With success_action_status 201, S3 answers URL (slashes escaped), bucket, key and ETag in XML."""
    with_condition({"success_action_status": "201"})(form)
    response = post(form)
    root = ET.fromstring(response.content)  # noqa: S314 -- our own S3's
    etag = f'"{hashlib.md5(form.file, usedforsecurity=False).hexdigest()}"'
    url = f"{server.url}/{form.bucket}/{quote(form.fields['key'], safe='')}"
    assert (response.status_code, root.tag) == (201, "PostResponse")
    assert [(element.tag, element.text) for element in root] == [
        ("Location", url), ("Bucket", form.bucket), ("Key", form.fields["key"]), ("ETag", etag),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "before"),
    [("https://app.test/done?a=b c", "https://app.test/done?a=b%20c&"), ("http://x/", "http://x/?")],
)
def test_redirect_carries_bucket_key_and_etag(target, before, form, post):
    """success_action_redirect is answered with 303 to it, its query kept, bucket, key and ETag appended."""
    target = target.replace(" ", "%20")
    form.fields["key"] = "photos/a b.png"
    form.conditions[1] = {"key": "photos/a b.png"}
    with_condition({"success_action_redirect": target})(form)
    response = post(form)
    etag = hashlib.md5(form.file, usedforsecurity=False).hexdigest()
    query = f"bucket={form.bucket}&key=photos%2Fa+b.png&etag=%22{etag}%22"
    assert (response.status_code, response.headers["Location"]) == (303, before + query)


def test_checksum_is_stored(form, post, client):
    """The checksum that came with a form is given to whoever asks for it."""
    with_condition({"x-amz-checksum-sha256": SHA256})(form)
    assert post(form).status_code == 204
    head = client.head_object(Bucket=form.bucket, Key=form.fields["key"], ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == SHA256


def test_tags_of_a_form_are_stored(form, post, client):
    """The field `tagging` is a Tagging document, and becomes the object's tags."""
    document = "<Tagging><TagSet><Tag><Key>a</Key><Value>1 + 2</Value></Tag></TagSet></Tagging>"
    with_condition({"tagging": document})(form)
    assert post(form).status_code == 204
    tags = client.get_object_tagging(Bucket=form.bucket, Key=form.fields["key"])["TagSet"]
    assert tags == [{"Key": "a", "Value": "1 + 2"}]


def test_no_such_bucket(form, post, error):
    """A form for a bucket that does not exist is answered with NoSuchBucket."""
    response = post(form, bucket="no-such-bucket")
    elements = error(response)
    assert (response.status_code, elements["Code"], elements["BucketName"]) == (
        404, "NoSuchBucket", "no-such-bucket"
    )  # fmt: skip


def test_only_multipart_forms(bucket, server, error):
    """A POST that is no multipart form fails a precondition."""
    response = httpx.post(f"{server.url}/{bucket}", data={"key": "x"})
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
    """A body that is no well-formed multipart/form-data is answered with MalformedPOSTRequest."""
    response = httpx.post(f"{server.url}/{bucket}", content=body, headers={"Content-Type": media_type})
    assert (response.status_code, error(response)["Code"]) == (400, "MalformedPOSTRequest")


def test_file_cut_short_is_malformed(form, server, error, client):
    """A file without the boundary that ends it is not stored."""
    body = form.body().rpartition(b"\r\n--")[0]
    response = httpx.post(
        f"{server.url}/{form.bucket}",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary={form.boundary}"},
    )
    assert error(response)["Code"] == "MalformedPOSTRequest"
    assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0


def test_expired_token(form, post, error):
    """A form signed with a temporary credential that has ended is answered with ExpiredToken."""
    resigned(access_key="ASIAI44QH8DHBEXAMPLE", token="a-session-token")(form)
    assert error(post(form))["Code"] == "ExpiredToken"


def test_signature_error_tells_what_to_sign(form, post, error):
    """SignatureDoesNotMatch tells the string to sign, in hexadecimal too, so that a developer can compare."""
    put("x-amz-signature", "f" * 64)(form)
    elements = error(post(form))
    policy = form.fields["policy"]
    assert elements["AWSAccessKeyId"] == form.access_key
    assert elements["StringToSign"] == policy
    assert elements["StringToSignBytes"] == policy.encode().hex(" ")
    assert elements["SignatureProvided"] == "f" * 64


def test_boto3_signs_what_s3_accepts(client, bucket):
    """A presigned post that boto3 makes is accepted as it is."""
    presigned = client.generate_presigned_post(bucket, "photos/${filename}")
    response = httpx.post(presigned["url"], data=presigned["fields"], files={"file": ("a.png", b"x")})
    assert response.status_code == 204
    assert client.head_object(Bucket=bucket, Key="photos/a.png")["ContentLength"] == 1
