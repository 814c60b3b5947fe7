"""Object lock and lifecycle rules: what S3 takes of them, and what they do to objects."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2
import pytest
from botocore.exceptions import ClientError

from strict_s3.buckets.documents import completed
from strict_s3.buckets.lifecycle import check_rules
from strict_s3.messages.errors import S3Error
from strict_s3.messages.xml import parse
from strict_s3.store.locks import check_headers

from .conftest import refusal_of

LATER = datetime(2100, 1, 3, tzinfo=UTC)
SOONER = datetime(2100, 1, 1, tzinfo=UTC)
RULE = {"ID": "r", "Status": "Enabled", "Prefix": "p/", "Expiration": {"Days": 1}}


@pytest.fixture
def locked(client, bucket):
    """Return a bucket with object lock."""
    name = f"{bucket}-l"
    client.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
    )
    return name


def configuration(mode="GOVERNANCE", on="Enabled", **period):
    """Return an object lock configuration."""
    return {"ObjectLockEnabled": on, "Rule": {"DefaultRetention": {"Mode": mode, **period}}}


def retain(client, bucket, until, mode="GOVERNANCE", **options):
    """Set the retention of the object ``k``."""
    retention = {"Mode": mode, "RetainUntilDate": until}
    return client.put_object_retention(Bucket=bucket, Key="k", Retention=retention, **options)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (configuration(Days=1, Years=1), "MalformedXML"),
        (configuration(), "MalformedXML"),
        (configuration(Days=0), "InvalidArgument"),
        (configuration(Days=36_501), "InvalidArgument"),
        (configuration(Years=-1), "InvalidArgument"),
        (configuration(Years=101), "InvalidArgument"),
        (configuration("governance", Years=1), "MalformedXML"),
        (configuration(on="Disabled", Years=1), "MalformedXML"),
    ],
)
def test_configurations_that_lock_nothing(given, code, client, locked):
    """A configuration names one of two modes and one positive period."""
    call = client.put_object_lock_configuration
    assert refusal_of(call, Bucket=locked, ObjectLockConfiguration=given) == (400, code)


def test_lock_and_versioning(client, bucket, locked):
    """Lock needs versioning, which cannot be suspended then; a bucket with objects can have it, too."""
    given = configuration(Days=1)
    lock = client.put_object_lock_configuration
    assert refusal_of(lock, Bucket=bucket, ObjectLockConfiguration=given) == (409, "InvalidBucketState")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lock(Bucket=bucket, ObjectLockConfiguration=given)
    assert client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == given
    for name in (bucket, locked):
        suspended = {"Bucket": name, "VersioningConfiguration": {"Status": "Suspended"}}
        assert refusal_of(client.put_bucket_versioning, **suspended) == (409, "InvalidBucketState")


def test_retention_is_not_shortened(client, locked):
    """Who shortens a retention, or changes its mode, has to bypass governance; compliance has no bypass."""
    client.put_object(Bucket=locked, Key="k", Body=b"x")
    retain(client, locked, SOONER)
    retain(client, locked, LATER)
    assert refusal_of(retain, client=client, bucket=locked, until=SOONER) == (403, "AccessDenied")
    assert refusal_of(retain, client=client, bucket=locked, until=LATER, mode="COMPLIANCE")[0] == 403
    retain(client, locked, SOONER, BypassGovernanceRetention=True)
    retain(client, locked, LATER, "COMPLIANCE", BypassGovernanceRetention=True)
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        arguments = {"client": client, "bucket": locked, "until": SOONER, "mode": mode}
        assert refusal_of(retain, **arguments, BypassGovernanceRetention=True) == (403, "AccessDenied")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    assert refusal_of(retain, client=client, bucket=locked, until=past) == (400, "InvalidArgument")
    assert refusal_of(retain, client=client, bucket=locked, until=LATER, mode="x") == (400, "MalformedXML")


def test_holds_and_buckets_without_lock(client, bucket, locked):
    """A legal hold is on or off; where there is no lock, there is neither hold nor retention."""
    client.put_object(Bucket=locked, Key="k", Body=b"x")
    hold = {"Bucket": locked, "Key": "k", "LegalHold": {"Status": "abc"}}
    assert refusal_of(client.put_object_legal_hold, **hold) == (400, "MalformedXML")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    for read in (client.get_object_retention, client.get_object_legal_hold):
        assert refusal_of(read, Bucket=bucket, Key="k") == (400, "InvalidRequest")
        assert refusal_of(read, Bucket=locked, Key="k") == (404, "NoSuchObjectLockConfiguration")
    assert refusal_of(retain, client=client, bucket=bucket, until=LATER) == (400, "InvalidRequest")


def test_deletion_of_many_versions(client, locked):
    """DeleteObjects names each version that is locked, and what it deleted unless it is to be quiet."""
    ids = [client.put_object(Bucket=locked, Key=key, Body=b"x")["VersionId"] for key in ("k", "l", "m")]
    retain(client, locked, LATER)
    one, two, three = (
        {"Key": key, "VersionId": version} for key, version in zip(("k", "l", "m"), ids, strict=True)
    )
    done = client.delete_objects(Bucket=locked, Delete={"Objects": [one, two]})
    assert done["Deleted"] == [two]
    assert [(e["Code"], e["Key"], e["VersionId"]) for e in done["Errors"]] == [("AccessDenied", "k", ids[0])]
    quiet = client.delete_objects(Bucket=locked, Delete={"Objects": [three], "Quiet": True})
    assert "Deleted" not in quiet
    bypassed = client.delete_objects(Bucket=locked, Delete={"Objects": [one]}, BypassGovernanceRetention=True)
    assert bypassed["Deleted"] == [one]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([RULE | {"ID": "a" * 256}], "InvalidArgument"),
        ([RULE, RULE], "InvalidArgument"),
        ([RULE | {"Status": "enabled"}], "MalformedXML"),
        ([RULE | {"Expiration": {"Days": 0}}], "InvalidArgument"),
        ([RULE | {"Expiration": {"Date": "2030-01-01T10:00:00Z"}}], "InvalidArgument"),
        ([{"ID": "r", "Status": "Enabled", "Prefix": "p/"}], "InvalidRequest"),
    ],
)
def test_rules_that_s3_refuses(rules, code, client, bucket):
    """IDs are short and unique, a status is one of two, and a rule does something at a time that can be."""
    call = client.put_bucket_lifecycle_configuration
    assert refusal_of(call, Bucket=bucket, LifecycleConfiguration={"Rules": rules}) == (400, code)


def rule_of(days):
    """Return the document of a rule by which objects expire after so many days."""
    expiration = f"<Expiration><Days>{days}</Days></Expiration>"
    rule = f"<Rule><ID>r</ID><Prefix/><Status>Enabled</Status>{expiration}</Rule>"
    return f"<LifecycleConfiguration>{rule}</LifecycleConfiguration>".encode()


@pytest.mark.parametrize("days", ["\u00b2", "9" * 4400, "1 2"])
def test_days_that_are_no_number(days):
    """Digits of other scripts, and more than anything holds, are no days."""
    with pytest.raises(S3Error) as caught:
        check_rules(parse(rule_of(days)), None)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_a_rule_that_is_nested_deeply():
    """It is refused, and not followed to its end."""
    deep = b"<x>" * 100_000 + b"</x>" * 100_000
    with pytest.raises(S3Error) as caught:
        completed("lifecycle", rule_of(1).replace(b"</Rule>", deep + b"</Rule>"), None)
    assert caught.value.code == "MalformedXML"


@pytest.mark.parametrize("days", [2_920_000, 999_999_999])
def test_what_expires_after_all_time_has_no_date(days, client, bucket):
    """It can be written and read, and no date is said of it."""
    rule = RULE | {"Expiration": {"Days": days}, "Prefix": ""}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert "Expiration" not in client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_date_that_is_none(connect, bucket):
    """A date is written with dashes."""
    text = (
        b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/>"
        b"<Expiration><Date>20300101</Date></Expiration></Rule></LifecycleConfiguration>"
    )

    def send(params, **_):
        digest = hashlib.md5(text, usedforsecurity=False).digest()
        kept = {name: value for name, value in params["headers"].items() if "checksum" not in name.lower()}
        params.update(body=text, headers={**kept, "Content-MD5": b64encode(digest).decode()})

    client = connect()
    client.meta.events.register("before-call.s3.PutBucketLifecycleConfiguration", send)
    call = client.put_bucket_lifecycle_configuration
    assert refusal_of(call, Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]}) == (400, "MalformedXML")


def test_what_expires_says_when(client, bucket):
    """Responses with an object say at which midnight it expires, and by which rule; a rule has an ID."""
    nameless = {name: value for name, value in RULE.items() if name != "ID"}
    tagged = nameless | {"ID": "by tag", "Prefix": "", "Filter": {"Tag": {"Key": "a", "Value": "b"}}}
    del tagged["Prefix"]
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [nameless, tagged | {"Expiration": {"Days": 3}}]}
    )
    first, _ = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    put = client.put_object(Bucket=bucket, Key="p/k", Body=b"x")
    head = client.head_object(Bucket=bucket, Key="p/k")
    assert put["Expiration"] == head["Expiration"]
    _, date, _, rule, _ = head["Expiration"].split('"')
    assert rule == first["ID"]
    assert timedelta(days=1) <= parsedate_to_datetime(date) - head["LastModified"] <= timedelta(days=2)
    assert "Expiration" not in client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert (
        'rule-id="by tag"'
        in client.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")["Expiration"]
    )


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "soon"])
def test_ends_of_locks_that_are_no_times(until, client, locked, send):
    """A lock's end is a time in UTC, too; a refused one leaves no object."""
    client.put_object(Bucket=locked, Key="k", Body=b"x")
    retention = f"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
    md5 = b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    lock = {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": until}
    for target, body, headers in (
        ("k?retention", retention.encode(), {}),
        ("new", b"x", {**lock, "content-md5": md5}),
    ):
        assert send("PUT", f"{locked}/{target}", body, **headers).status_code == 400
    assert [one["Key"] for one in client.list_objects_v2(Bucket=locked)["Contents"]] == ["k"]


def lock_of(client, bucket, key):
    """Return mode and time until which an object is locked, and its legal hold."""
    head = client.head_object(Bucket=bucket, Key=key)
    names = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
    return tuple(head.get(name) for name in names)


def test_every_new_object_is_locked_as_its_headers_say(client, locked):
    """An object put, copied or uploaded in parts has the lock of its request, or else of its bucket."""
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATER}
    made = lock | {"ObjectLockLegalHoldStatus": "ON"}

    def make_all(**locks):
        client.put_object(Bucket=locked, Key="put", Body=b"x", **locks)
        client.copy_object(Bucket=locked, Key="copied", CopySource=f"{locked}/put", **locks)
        parts = {"Bucket": locked, "Key": "parts"}
        parts["UploadId"] = client.create_multipart_upload(**parts, **locks)["UploadId"]
        etag = client.upload_part(**parts, PartNumber=1, Body=b"x")["ETag"]
        listed = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        client.complete_multipart_upload(**parts, MultipartUpload=listed)
        return {lock_of(client, locked, key) for key in ("put", "copied", "parts")}

    assert make_all(**made) == {("GOVERNANCE", LATER, "ON")}
    assert make_all(ObjectLockLegalHoldStatus="OFF") == {(None, None, "OFF")}
    assert make_all() == {(None, None, None)}
    client.put_object_lock_configuration(
        Bucket=locked, ObjectLockConfiguration=configuration("COMPLIANCE", Days=1)
    )
    assert {mode for mode, *_ in make_all()} == {"COMPLIANCE"}
    assert make_all(**lock) == {("GOVERNANCE", LATER, None)}


@pytest.mark.parametrize(
    ("headers", "argument", "message"),
    [
        ({"mode": "GOVERNANCE"}, "retain-until-date", "must both be supplied"),
        ({"retain-until-date": "2100-01-01T00:00:00Z"}, "mode", "must both be supplied"),
        ({"mode": "g", "retain-until-date": "2100-01-01T00:00:00Z"}, "mode", "Unknown wormMode directive."),
        ({"mode": "GOVERNANCE", "retain-until-date": "later"}, "retain-until-date", "ISO 8601 format"),
        (
            {"mode": "GOVERNANCE", "retain-until-date": "2001-01-01T00:00:00Z"},
            "retain-until-date",
            "The retain until date must be in the future!",
        ),
        ({"legal-hold": "on"}, "legal-hold", "Legal Hold must be either of 'ON' or 'OFF'"),
    ],
)
def test_locks_that_headers_cannot_say(headers, argument, message):
    """Mode and time come together, and are ones that can be; it is said before the bucket is looked at."""
    prefix = "x-amz-object-lock-"
    with pytest.raises(S3Error) as caught:
        check_headers({prefix + name: value for name, value in headers.items()}, None)
    assert caught.value.code == "InvalidArgument"
    assert caught.value.elements["ArgumentName"] == prefix + argument
    assert caught.value.message.endswith(message)


def test_what_would_be_locked_has_a_checksum(client, locked, bucket):
    """A PUT or form without one is refused where its object would be locked; one with it is not."""
    client.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=configuration(Days=1))
    one = {"Bucket": locked, "Key": "k"}
    url = client.generate_presigned_url("put_object", one)
    assert "Content-MD5 OR x-amz-checksum- HTTP header is required" in httpx2.put(url, content=b"x").text
    digest = b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    url = client.generate_presigned_url("put_object", {**one, "ContentMD5": digest})
    assert httpx2.put(url, content=b"x", headers={"Content-MD5": digest}).status_code == 200
    form = client.generate_presigned_post(locked, "k", {"Content-MD5": digest}, [{"Content-MD5": digest}])
    assert httpx2.post(form["url"], data=form["fields"], files={"file": b"x"}).status_code == 204
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATER}
    assert refusal_of(client.put_object, Bucket=bucket, Key="k", Body=b"x", **lock) == (400, "InvalidRequest")


def test_a_time_with_an_offset_locks(client, locked):
    """A time in another zone is the same time; what is locked until then says so, and is not deleted."""
    version = client.put_object(Bucket=locked, Key="k", Body=b"x")["VersionId"]
    body = "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>"

    def send(params, **_):
        text = body.format("2100-01-01T02:00:00.5+02:00").encode()
        digest = b64encode(hashlib.md5(text, usedforsecurity=False).digest()).decode()
        kept = {name: value for name, value in params["headers"].items() if "checksum" not in name.lower()}
        params.update(body=text, headers={**kept, "Content-MD5": digest})

    client.meta.events.register("before-call.s3.PutObjectRetention", send)
    try:
        retain(client, locked, LATER)
    finally:
        client.meta.events.unregister("before-call.s3.PutObjectRetention", send)
    assert lock_of(client, locked, "k") == ("COMPLIANCE", SOONER, None)
    one = {"Key": "k", "VersionId": version}
    (error,) = client.delete_objects(Bucket=locked, Delete={"Objects": [one]})["Errors"]
    with pytest.raises(ClientError, match="Access Denied because object protected by object lock"):
        client.delete_object(Bucket=locked, **one)
    assert error["Code"] == "AccessDenied"
