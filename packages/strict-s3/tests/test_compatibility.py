"""What S3-compatible servers are commonly asked about forms, as a client of several servers would ask it.

Buckets are made without a location, in the default region; every part has a file name, as `requests`
sends it; only the status counts.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "us-east-1"


@pytest.fixture(scope="module")
def client(connect: Callable[..., Any]) -> Any:
    """Return a client in the region of the buckets."""
    return connect(region=REGION)


@pytest.fixture
def ask(form: Any, client: Any, post: Callable[..., Any]) -> Callable[..., Any]:
    """Post a form to a new bucket; return the response and what is stored."""

    def ask(
        fields: dict[str, str],
        conditions: list[Any] | None = None,
        *,
        file: bytes = b"bar",
        filename: str = "file",
        acl: str = "private",
        policy: Callable[[dict[str, Any]], Any] | None = None,
        spoil: Callable[[Any], Any] = lambda _: None,
    ) -> SimpleNamespace:
        bucket = f"compat-{uuid4().hex}"
        client.create_bucket(Bucket=bucket, ACL=acl, ObjectOwnership="ObjectWriter")
        form.bucket, form.fields, form.region = bucket, dict(fields), REGION
        form.file, form.filename, form.filenames_everywhere = file, filename, True
        if conditions is not None:
            form.conditions = [{"bucket": bucket}, *conditions]
            form.signed(policy)
        spoil(form)
        response = post(form)
        objects = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        stored = {one["Key"]: client.get_object(Bucket=bucket, Key=one["Key"]) for one in objects}
        return SimpleNamespace(status=response.status_code, content=response.content, stored=stored,
                               location=response.headers.get("Location"), bucket=bucket)  # fmt: skip

    return ask


OPEN = {"key": "foo.txt", "acl": "public-read", "Content-Type": "text/plain"}
FIELDS = {"key": "foo.txt", "acl": "private", "Content-Type": "text/plain"}
TYPE = ["starts-with", "$Content-Type", "text/plain"]
ALLOW = [["starts-with", "$key", "foo"], {"acl": "private"}, TYPE, ["content-length-range", 0, 1024]]
TAG = "<Tag><Key>{0}</Key><Value>{0}</Value></Tag>"
TAGS = f"<Tagging><TagSet>{TAG.format(0)}{TAG.format(1)}</TagSet></Tagging>"


def body(response: SimpleNamespace, key: str = "foo.txt") -> bytes:
    """Return the stored object's content."""
    content: bytes = response.stored[key]["Body"].read()
    return content


def test_anyone_may_post_to_a_bucket_that_everyone_may_write(ask):
    """A form without a policy is accepted by a bucket whose ACL lets everyone write."""
    response = ask(OPEN, acl="public-read-write")
    assert (response.status, body(response)) == (204, b"bar")


def test_nobody_may_post_to_a_private_bucket_unsigned(ask):
    """A form without a policy is refused by a private bucket."""
    assert ask({"key": "foo.txt"}).status == 403


def test_a_signed_form_is_accepted(ask):
    """A form that its policy allows is stored."""
    response = ask(FIELDS, ALLOW)
    assert (response.status, body(response)) == (204, b"bar")


def test_content_type_may_be_missing(ask):
    """A form without a Content-Type is accepted, if its policy does not ask for one."""
    response = ask(
        {"key": "foo.txt", "acl": "private"},
        [one for one in ALLOW if one is not TYPE],
        acl="public-read-write",
    )
    assert (response.status, body(response)) == (204, b"bar")


@pytest.mark.parametrize("status", [("201", 201), ("404", 204)])
def test_status_codes_that_may_be_asked_for(status, ask):
    """201 is the status when asked for; a status that S3 does not know counts as none."""
    asked, given = status
    response = ask({**OPEN, "success_action_status": asked}, acl="public-read-write")
    assert response.status == given
    assert (b"<Key>foo.txt</Key>" in response.content) == (given == 201)


@pytest.mark.parametrize("size", [3 * 1024**2, 4 * 1024**2 + 200])
def test_a_file_of_several_chunks(size, ask):
    """A file larger than a block is stored whole."""
    allow = [*ALLOW[:3], ["content-length-range", 0, 12 * 1024**2]]
    response = ask(FIELDS, allow, file=b"foo" * (size // 3))
    assert (response.status, len(body(response))) == (204, size // 3 * 3)


def test_key_from_the_file_name(ask):
    """`${filename}` in the key is the file's name, and that is what the policy validates."""
    response = ask({**FIELDS, "key": "${filename}"}, ALLOW, filename="foo.txt")
    assert (response.status, body(response)) == (204, b"bar")


def test_ignored_fields_need_no_condition(ask):
    """Fields that begin with x-ignore- need no condition."""
    assert ask({**FIELDS, "x-ignore-foo": "bar"}, ALLOW).status == 204


def test_names_and_operators_in_any_case(ask):
    """Names of fields and conditions, and operators, may be written in any case."""
    mixed = [
        ["StArTs-WiTh", "$KeY", "foo"],
        {"AcL": "private"},
        ["StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"],
        ALLOW[3],
    ]
    spoil = lambda form: form.fields.update(pOLICy=form.fields.pop("policy"))  # noqa: E731 -- one step of the case
    assert (
        ask({"kEy": "foo.txt", "aCl": "private", "Content-Type": "text/plain"}, mixed, spoil=spoil).status
        == 204
    )


def test_escaped_dollar(ask):
    """A backslash before a dollar is part of the value, when JSON escapes the backslash."""
    allow = [["starts-with", "$key", "\\$foo"], *ALLOW[1:]]
    response = ask({**FIELDS, "key": "\\$foo.txt"}, allow)
    assert (response.status, body(response, "\\$foo.txt")) == (204, b"bar")


def test_redirect_after_success(ask, server):
    """The redirect names bucket, key and ETag; with ACLs that let everyone read, its target can be read."""
    target = f"{server.url}/somewhere"
    allow = [*ALLOW, ["eq", "$success_action_redirect", target]]
    response = ask({**FIELDS, "success_action_redirect": target}, allow, acl="public-read-write")
    etag = response.stored["foo.txt"]["ETag"].strip('"')
    assert response.status == 303
    assert response.location == f"{target}?bucket={response.bucket}&key=foo.txt&etag=%22{etag}%22"


def test_metadata(ask):
    """A metadata field that the policy allows is stored."""
    response = ask(
        {**FIELDS, "x-amz-meta-foo": "barclamp"}, [*ALLOW, ["starts-with", "$x-amz-meta-foo", "bar"]]
    )
    assert (response.status, response.stored["foo.txt"]["Metadata"]) == (204, {"foo": "barclamp"})


@pytest.mark.parametrize("signed", [False, True])
def test_tags(signed, ask, connect):
    """Tags of a form are stored, whether it is signed or the bucket takes it from everyone."""
    conditions = [*ALLOW, ["starts-with", "$tagging", ""]] if signed else None
    fields, acl = (FIELDS, "private") if signed else (OPEN, "public-read-write")
    response = ask({**fields, "tagging": TAGS}, conditions, acl=acl)
    tags = connect(region=REGION).get_object_tagging(Bucket=response.bucket, Key="foo.txt")["TagSet"]
    assert (response.status, tags) == (204, [{"Key": "0", "Value": "0"}, {"Key": "1", "Value": "1"}])


REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "unknown access key": (403, {"spoil": lambda form: (setattr(form, "access_key", "foo"), form.signed())}),
    "signature reversed": (
        403,
        {"spoil": lambda form: form.fields.update({"x-amz-signature": form.fields["x-amz-signature"][::-1]})},
    ),
    "access key reversed": (
        403,
        {"spoil": lambda form: (setattr(form, "access_key", form.access_key[::-1]), form.signed())},
    ),
    "date not ISO": (400, {"policy": lambda policy: {**policy, "expiration": "2037-01-01 00:00:00+00:00"}}),
    "no key": (400, {"fields": {"acl": "private", "Content-Type": "text/plain"}, "conditions": ALLOW[1:]}),
    "no signature": (400, {"spoil": lambda form: form.fields.pop("x-amz-signature")}),
    "no condition for the bucket": (
        403,
        {
            "policy": lambda policy: {
                **policy,
                "conditions": [one for one in policy["conditions"] if "bucket" not in one],
            }
        },
    ),
    "field of the policy missing": (403, {"conditions": [*ALLOW, ["starts-with", "$x-amz-meta-foo", "bar"]]}),
    "conditions in upper case": (
        400,
        {"policy": lambda policy: {"expiration": policy["expiration"], "CONDITIONS": policy["conditions"]}},
    ),
    "expiration in upper case": (
        400,
        {"policy": lambda policy: {"EXPIRATION": policy["expiration"], "conditions": policy["conditions"]}},
    ),
    "expired": (
        403,
        {"spoil": lambda form: (setattr(form, "expires_in", timedelta(seconds=-6000)), form.signed())},
    ),
    "form for another bucket": (
        403,
        {
            "spoil": lambda form: (
                form.conditions.__setitem__(0, {"bucket": "another"}),
                form.fields.update(bucket="another"),
                form.signed(),
            )
        },
    ),
    "metadata differs": (
        403,
        {
            "fields": {**FIELDS, "x-amz-meta-foo": "barclamp"},
            "conditions": [*ALLOW, ["eq", "$x-amz-meta-foo", ""]],
        },
    ),
    "no expiration": (400, {"policy": lambda policy: {"conditions": policy["conditions"]}}),
    "no conditions": (400, {"policy": lambda policy: {"expiration": policy["expiration"]}}),
    "file too large": (400, {"conditions": [*ALLOW[:3], ["content-length-range", 0, 0]]}),
    "range with one end": (400, {"conditions": [*ALLOW[:3], ["content-length-range", 0]]}),
    "range below zero": (400, {"conditions": [*ALLOW[:3], ["content-length-range", -1, 0]]}),
    "file too small": (400, {"conditions": [*ALLOW[:3], ["content-length-range", 512, 1000]]}),
    "empty condition": (400, {"policy": lambda policy: {**policy, "conditions": [{}]}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, ask):
    """A form that is wrong in one thing is refused, even by a bucket that takes forms from everyone."""
    status, case = REFUSED[name]
    response = ask(**{"fields": FIELDS, "conditions": ALLOW, "acl": "public-read-write", **case})
    assert (response.status, response.stored) == (status, {})
