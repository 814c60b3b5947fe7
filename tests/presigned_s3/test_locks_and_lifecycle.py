"""Object lock and lifecycle rules: what S3 takes of them, and what they do to objects."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from botocore.exceptions import ClientError

from presigned_s3.errors import S3Error
from presigned_s3.lifecycle import with_ids

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


def refused(call, **arguments):
    """Return status and code that a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


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
    assert refused(call, Bucket=locked, ObjectLockConfiguration=given) == (400, code)


def test_lock_and_versioning(client, bucket, locked):
    """Lock needs versioning, which cannot be suspended then; a bucket with objects can have it, too."""
    given = configuration(Days=1)
    lock = client.put_object_lock_configuration
    assert refused(lock, Bucket=bucket, ObjectLockConfiguration=given) == (409, "InvalidBucketState")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lock(Bucket=bucket, ObjectLockConfiguration=given)
    assert client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == given
    for name in (bucket, locked):
        suspended = {"Bucket": name, "VersioningConfiguration": {"Status": "Suspended"}}
        assert refused(client.put_bucket_versioning, **suspended) == (409, "InvalidBucketState")


def test_retention_is_not_shortened(client, locked):
    """Who shortens a retention, or changes its mode, has to bypass governance; compliance has no bypass."""
    client.put_object(Bucket=locked, Key="k", Body=b"x")
    retain(client, locked, SOONER)
    retain(client, locked, LATER)
    assert refused(retain, client=client, bucket=locked, until=SOONER) == (403, "AccessDenied")
    assert refused(retain, client=client, bucket=locked, until=LATER, mode="COMPLIANCE")[0] == 403
    retain(client, locked, SOONER, BypassGovernanceRetention=True)
    retain(client, locked, LATER, "COMPLIANCE", BypassGovernanceRetention=True)
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        arguments = {"client": client, "bucket": locked, "until": SOONER, "mode": mode}
        assert refused(retain, **arguments, BypassGovernanceRetention=True) == (403, "AccessDenied")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    assert refused(retain, client=client, bucket=locked, until=past) == (400, "InvalidArgument")
    assert refused(retain, client=client, bucket=locked, until=LATER, mode="x") == (400, "MalformedXML")


def test_holds_and_buckets_without_lock(client, bucket, locked):
    """A legal hold is on or off; where there is no lock, there is neither hold nor retention."""
    client.put_object(Bucket=locked, Key="k", Body=b"x")
    hold = {"Bucket": locked, "Key": "k", "LegalHold": {"Status": "abc"}}
    assert refused(client.put_object_legal_hold, **hold) == (400, "MalformedXML")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    for read in (client.get_object_retention, client.get_object_legal_hold):
        assert refused(read, Bucket=bucket, Key="k") == (400, "InvalidRequest")
        assert refused(read, Bucket=locked, Key="k") == (404, "NoSuchObjectLockConfiguration")
    assert refused(retain, client=client, bucket=bucket, until=LATER) == (400, "InvalidRequest")


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
    assert refused(call, Bucket=bucket, LifecycleConfiguration={"Rules": rules}) == (400, code)


def rule_of(days):
    """Return the document of a rule by which objects expire after so many days."""
    expiration = f"<Expiration><Days>{days}</Days></Expiration>"
    rule = f"<Rule><ID>r</ID><Prefix/><Status>Enabled</Status>{expiration}</Rule>"
    return f"<LifecycleConfiguration>{rule}</LifecycleConfiguration>".encode()


@pytest.mark.parametrize("days", ["\u00b2", "9" * 4400, "1 2"])
def test_days_that_are_no_number(days):
    """Digits of other scripts, and more than anything holds, are no days."""
    with pytest.raises(S3Error) as caught:
        with_ids(rule_of(days))
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_a_rule_that_is_nested_deeply():
    """It is refused, and not followed to its end."""
    deep = b"<x>" * 100_000 + b"</x>" * 100_000
    with pytest.raises(S3Error) as caught:
        with_ids(rule_of(1).replace(b"</Rule>", deep + b"</Rule>"))
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
    assert refused(call, Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]}) == (400, "MalformedXML")


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
