"""Forms that their policies allow: what S3 responds with, and what it stores."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024**2


@dataclass
class Acceptance:
    """What S3 responds to a form that it accepts, and what it stores."""

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
    "exactly_10MiB": (
        lambda form: form.send(b"x" * 10 * MEBIBYTE),
        Acceptance(stored={"ContentLength": 10 * MEBIBYTE}),
    ),
    "one_byte": (lambda form: form.send(b"x"), Acceptance(stored={"ContentLength": 1})),
    "extra_field_x-ignore": (lambda form: form.put("x-ignore-me", "x"), Acceptance()),
    "bucket_field_equal": (lambda form: form.fields.update(bucket=form.bucket), Acceptance()),
    "success_action_status_204": (lambda form: form.allow({"success_action_status": "204"}), Acceptance()),
    "success_action_status_404": (lambda form: form.allow({"success_action_status": "404"}), Acceptance()),
    "success_action_status_200": (lambda form: form.allow({"success_action_status": "200"}), Acceptance(200)),
    "success_action_redirect_no_url": (
        lambda form: form.allow({"success_action_redirect": "no url"}),
        Acceptance(),
    ),
    "checksum_sha256_ok": (lambda form: form.allow({"x-amz-checksum-sha256": SHA256}), Acceptance()),
    "content_md5_ok": (lambda form: form.allow({"Content-MD5": MD5}), Acceptance()),
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
    "unicode_key": (lambda form: form.allow_key("photos/фото ünd mehr+%2F&.png"), Acceptance()),
    "key_of_1024_bytes": (lambda form: form.allow_key("k" * 1024), Acceptance()),
    "key_that_climbs": (lambda form: form.allow_key("../../etc/passwd"), Acceptance()),
    "key_with_nul": (lambda form: form.allow_key("photos/a\0b"), Acceptance()),
    "field_names_other_case": (
        lambda form: setattr(form, "fields", {name.swapcase(): value for name, value in form.fields.items()}),
        Acceptance(key=lambda form: form.fields["KEY"]),
    ),
    "condition_names_other_case": (
        lambda form: form.signed(
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
        lambda form: form.sign_as(access_key="ASIAIOSFODNN7EXAMPLE", token="a-session-token"),
        Acceptance(),
    ),
    "acl_private": (lambda form: form.allow({"acl": "private"}), Acceptance()),
    "metadata_not_ascii": (
        lambda form: form.allow({"x-amz-meta-name": "фото\r\nX: y"}),
        Acceptance(
            stored={"Metadata": {"user": "u1", "session": "s1", "name": "=?UTF-8?B?0YTQvtGC0L4NClg6IHk=?="}}
        ),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_each_good_form_is_stored(name, form, post, client):
    """A form that its policy allows gets the response it asks for, its file is stored as its fields say."""
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
    """With success_action_status 201, S3 responds URL (slashes escaped), bucket, key and ETag in XML."""
    form.allow({"success_action_status": "201"})
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
    """success_action_redirect leads to 303 to it, its query kept, bucket, key and ETag appended."""
    target = target.replace(" ", "%20")
    form.fields["key"] = "photos/a b.png"
    form.conditions[1] = {"key": "photos/a b.png"}
    form.allow({"success_action_redirect": target})
    response = post(form)
    etag = hashlib.md5(form.file, usedforsecurity=False).hexdigest()
    query = f"bucket={form.bucket}&key=photos%2Fa+b.png&etag=%22{etag}%22"
    assert (response.status_code, response.headers["Location"]) == (303, before + query)


def test_checksum_is_stored(form, post, client):
    """The checksum that came with a form is in the responses that ask for it."""
    form.allow({"x-amz-checksum-sha256": SHA256})
    assert post(form).status_code == 204
    head = client.head_object(Bucket=form.bucket, Key=form.fields["key"], ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == SHA256


def test_a_form_stores_its_file_and_copies_nothing(form, post, client):
    """A field that would make another request of a PUT is none of a form's, which stores what it carries."""
    client.put_object(Bucket=form.bucket, Key="other", Body=b"other", Metadata={"user": "u2"})
    form.allow({"x-amz-copy-source": f"/{form.bucket}/other", "x-amz-trailer": "x-amz-checksum-crc32"})
    assert post(form).status_code == 204
    stored = client.get_object(Bucket=form.bucket, Key=form.fields["key"])
    assert (stored["Body"].read(), stored["Metadata"]["user"]) == (form.file, "u1")
    assert "ChecksumCRC32" not in stored


def test_tags_of_a_form_are_stored(form, post, client):
    """The field `tagging` is a Tagging document, and becomes the object's tags."""
    document = "<Tagging><TagSet><Tag><Key>a</Key><Value>1 + 2</Value></Tag></TagSet></Tagging>"
    form.allow({"tagging": document})
    assert post(form).status_code == 204
    tags = client.get_object_tagging(Bucket=form.bucket, Key=form.fields["key"])["TagSet"]
    assert tags == [{"Key": "a", "Value": "1 + 2"}]
