"""Bucket policies: whom they name, what they name, and under which conditions."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import product
from threading import Event, Thread

import httpx2
import pytest

from strict_s3.app import create_app
from strict_s3.auth.access import policy_effect
from strict_s3.auth.conditions import RequestContext, is_like
from strict_s3.messages.operations import ON_BUCKETS, ON_OBJECTS
from strict_s3.messages.orders import Order
from strict_s3.options import Options

from .conftest import code_of, response_to

ENCRYPTION = "s3:x-amz-server-side-encryption"
OWNER = "123456789012"


@pytest.fixture
def permit(client, bucket):
    """Put a bucket policy with these statements, which are about everyone and all objects by default."""

    def permit(*statements):
        about = {"Effect": "Allow", "Resource": f"arn:aws:s3:::{bucket}/*"}
        whole = [about | ({} if "NotPrincipal" in one else {"Principal": "*"}) | one for one in statements]
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": whole}))

    return permit


def status(server, bucket, key="k", **headers):
    """Return the status of reading an object without a signature."""
    return httpx2.get(f"{server.url}/{bucket}/{key}", headers=headers).status_code


def test_reads_from_a_page(server, client, bucket, permit):
    """A condition compares a header of the request; without it only IfExists is met."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    page = {"aws:Referer": "http://www.example.com/*"}
    permit({"Action": "s3:GetObject", "Condition": {"StringLike": page}})
    assert status(server, bucket, referer="http://www.example.com/a") == 200
    assert status(server, bucket, referer="http://other.example/") == 403
    assert status(server, bucket) == 403
    permit({"Action": "s3:GetObject", "Condition": {"StringLikeIfExists": page}})
    assert status(server, bucket) == 200
    permit({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotLike": page}})
    assert status(server, bucket) == 403
    assert code_of(client.get_object, Bucket=bucket, Key="k") == "AccessDenied"


def test_reads_by_tag(server, client, bucket, permit):
    """A condition compares a tag of the object, and of the request."""
    for key, tags in (("k", "level=public&a=b"), ("l", "level=private"), ("m", "")):
        client.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=tags)
    permit(
        {"Action": "s3:GetObject", "Condition": {"StringEquals": {"s3:ExistingObjectTag/level": "public"}}},
        {"Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:RequestObjectTag/level": ["public"]}}},
    )
    assert [status(server, bucket, key) for key in "klm"] == [200, 403, 403]
    url = f"{server.url}/{bucket}/new"
    assert httpx2.put(url, content=b"x").status_code == 403
    assert httpx2.put(url, content=b"x", headers={"x-amz-tagging": "level=public"}).status_code == 200


def test_uploads_have_to_be_encrypted(client, bucket, permit):
    """What is denied to everyone is denied to the owner."""
    permit(
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Condition": {"StringNotEquals": {ENCRYPTION: "aws:kms"}},
        },
        {"Effect": "Deny", "Action": "s3:PutObject", "Condition": {"Null": {ENCRYPTION: True}}},
    )
    one = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    assert code_of(client.put_object, **one) == "AccessDenied"
    assert code_of(client.put_object, **one, ServerSideEncryption="AES256") == "AccessDenied"
    client.put_object(**one, ServerSideEncryption="aws:kms")
    form = client.generate_presigned_post(
        bucket,
        "f",
        {"x-amz-server-side-encryption": "aws:kms"},
        [["starts-with", "$x-amz-server-side-encryption", ""]],
    )
    assert httpx2.post(form["url"], data=form["fields"], files={"file": b"y"}).status_code == 204
    form = client.generate_presigned_post(bucket, "f")
    assert httpx2.post(form["url"], data=form["fields"], files={"file": b"y"}).status_code == 403


def test_parts_of_encrypted_uploads(client, bucket, permit):
    """A policy that demands encryption takes parts of an upload that was started with it."""
    condition = {"StringNotEquals": {ENCRYPTION: "AES256"}}
    permit({"Effect": "Deny", "Action": "s3:PutObject", "Condition": condition})
    about = {"Bucket": bucket, "Key": "k"}
    assert code_of(client.create_multipart_upload, **about) == "AccessDenied"
    about["UploadId"] = client.create_multipart_upload(**about, ServerSideEncryption="AES256")["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**about, PartNumber=1, Body=b"x")["ETag"]}
    client.complete_multipart_upload(**about, MultipartUpload={"Parts": [part]})
    about["UploadId"] = "none"
    assert code_of(client.upload_part, **about, PartNumber=1, Body=b"x") == "AccessDenied"


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": True}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, True),
        ({"NumericGreaterThan": {"s3:max-keys": 10}}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A/"}, "Null": {"s3:delimiter": "true"}}, True),
        ({"ForAnyValue:StringLike": {"s3:prefix": ["b/*", "a/*"]}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}, False),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"NumericEquals": {"s3:max-keys": "ten"}}, False),
        (["not a condition"], False),
    ],
)
def test_operators(condition, is_met, server, bucket, permit):
    """Conditions compare texts, numbers and truths; what is unknown here is not met."""
    permit({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": condition})
    listed = httpx2.get(f"{server.url}/{bucket}", params={"prefix": "a/", "max-keys": "10"})
    assert listed.status_code == (200 if is_met else 403)


def test_what_a_statement_is_not_about(server, client, bucket, permit):
    """NotAction, NotResource and NotPrincipal are about all others; the account is one that can be named."""
    for key in ("k", "private/k"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    permit({"NotAction": "s3:DeleteObject"})
    assert status(server, bucket) == 200
    assert httpx2.delete(f"{server.url}/{bucket}/k").status_code == 403
    permit({"Action": "s3:*"}, {"Effect": "Deny", "NotPrincipal": {"AWS": OWNER}, "Action": "s3:GetObject"})
    assert status(server, bucket) == 403
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    root = {"AWS": [f"arn:aws:iam::{OWNER}:root"]}
    permit({"Effect": "Deny", "Principal": root, "Action": "s3:GetObject"})
    assert code_of(client.get_object, Bucket=bucket, Key="k") == "AccessDenied"


@pytest.mark.parametrize(
    "policy",
    [
        {"Statement": {"Effect": ["Deny"], "Principal": "*", "Action": "s3:*", "Resource": "*"}},
        {"Statement": [{"Effect": "Refuse", "Principal": "*", "Action": "s3:*", "Resource": "*"}]},
        {"Statement": ["Deny"]},
        {"Statement": [], "Id": "x" * 20 * 1024},
    ],
)
def test_policies_that_nobody_could_take_back(policy, client, bucket):
    """An effect is one of two, and a policy has 20 KB at most; the bucket goes on as it was."""
    assert code_of(client.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy)) == "MalformedPolicy"
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_effect_of_before_that_is_none():
    """A policy that a version before took has no effect, and is no error."""
    statement = {"Effect": ["Deny"], "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Statement": statement}).encode()
    assert policy_effect(policy, "s3:GetObject", "b", "k", RequestContext({}, {}, "http", dict)) == ""


def test_deletion_of_many_is_denied_for_each_key(client, bucket, permit):
    """What a policy denies of the keys of one request is an error; the others are deleted."""
    for key in ("a", "private/b", "c"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    private = f"arn:aws:s3:::{bucket}/private/*"
    permit({"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": private})
    objects = [{"Key": key} for key in ("a", "private/b", "private/none", "c")]
    done = client.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [one["Key"] for one in done["Deleted"]] == ["a", "c"]
    denied = {"Code": "AccessDenied", "Message": "Access Denied"}
    assert done["Errors"] == [{"Key": key, **denied} for key in ("private/b", "private/none")]
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["private/b"]
    permit({"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}"})
    assert "Errors" not in client.delete_objects(Bucket=bucket, Delete={"Objects": objects})


def test_deletion_of_versions_is_an_action_of_its_own(client, bucket, permit):
    """To delete a version, alone or among many, is another action than to delete an object."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    one = {"Key": "k", "VersionId": version}
    permit({"Effect": "Deny", "Action": "s3:DeleteObjectVersion"})
    done = client.delete_objects(Bucket=bucket, Delete={"Objects": [one, {"Key": "k"}], "Quiet": True})
    assert done["Errors"] == [{**one, "Code": "AccessDenied", "Message": "Access Denied"}]
    assert code_of(client.delete_object, Bucket=bucket, **one) == "AccessDenied"
    assert client.get_object(Bucket=bucket, **one)["VersionId"] == version
    permit({"Effect": "Deny", "Action": "s3:DeleteObject"})
    client.delete_object(Bucket=bucket, **one)
    assert code_of(client.delete_object, Bucket=bucket, Key="k") == "AccessDenied"


def test_everyone_deletes_what_they_may(server, client, bucket, permit):
    """Without a signature, each key of a request needs a statement that allows its deletion."""
    for key in ("open/a", "b"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    permit({"Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/open/*"})
    objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("open/a", "b"))
    said = httpx2.post(f"{server.url}/{bucket}?delete", content=f"<Delete>{objects}</Delete>").text
    assert "<Deleted><Key>open/a</Key></Deleted>" in said
    assert "<Error><Key>b</Key><Code>AccessDenied</Code>" in said


def test_copies_need_to_read_their_source(server, client, bucket, permit):
    """A copy is refused where its source may not be read, by its owner or by everyone."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url, source = f"{server.url}/{bucket}/copy", {"x-amz-copy-source": f"{bucket}/k"}
    permit({"Action": "s3:PutObject"})
    assert httpx2.put(url, headers=source).status_code == 403
    permit({"Action": ["s3:PutObject", "s3:GetObject"]})
    assert httpx2.put(url, headers=source).status_code == 200
    permit({"Effect": "Deny", "Action": "s3:GetObject"})
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
    assert code_of(client.copy_object, **copy) == "AccessDenied"
    upload = client.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    assert code_of(client.upload_part_copy, **copy, UploadId=upload, PartNumber=1) == "AccessDenied"


def test_who_may_not_list_does_not_know_what_is_missing(server, bucket, permit):
    """Everyone who may read objects, but not list them, is refused where there is none."""
    permit({"Action": "s3:GetObject"})
    assert status(server, bucket) == 403
    permit({"Action": "s3:GetObject"}, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"})
    assert status(server, bucket) == 404


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("versions", "s3:ListBucketVersions"),
        ("uploads", "s3:ListBucketMultipartUploads"),
        ("lifecycle", "s3:GetLifecycleConfiguration"),
        ("object-lock", "s3:GetBucketObjectLockConfiguration"),
        ("publicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ],
)
def test_actions_of_buckets(query, action, server, bucket, permit):
    """A policy names what is listed and read of a bucket as IAM does."""
    url, about = f"{server.url}/{bucket}?{query}", {"Resource": f"arn:aws:s3:::{bucket}"}
    permit({"Action": "s3:ListBucket", **about})
    assert httpx2.get(url).status_code == 403
    permit({"Action": action, **about})
    assert httpx2.get(url).status_code != 403


@pytest.mark.parametrize(
    ("request_", "action"),
    [
        ((ON_OBJECTS, "DELETE", "uploadId"), "s3:AbortMultipartUpload"),
        ((ON_OBJECTS, "GET", "uploadId"), "s3:ListMultipartUploadParts"),
        ((ON_OBJECTS, "PUT", "uploadId"), "s3:PutObject"),
        ((ON_OBJECTS, "POST", "uploads"), "s3:PutObject"),
        ((ON_OBJECTS, "GET", "attributes", "v"), "s3:GetObjectVersion s3:GetObjectVersionAttributes"),
        ((ON_OBJECTS, "PUT", "tagging", "v"), "s3:PutObjectVersionTagging"),
        ((ON_OBJECTS, "PUT", "legal-hold", "v"), "s3:PutObjectLegalHold"),
        ((ON_BUCKETS, "DELETE", "lifecycle"), "s3:PutLifecycleConfiguration"),
        ((ON_BUCKETS, "DELETE", "policy"), "s3:DeleteBucketPolicy"),
        ((ON_BUCKETS, "DELETE", "tagging"), "s3:PutBucketTagging"),
        ((ON_BUCKETS, "PUT", "intelligent-tiering"), "s3:PutIntelligentTieringConfiguration"),
        ((ON_BUCKETS, "PUT", ""), "s3:CreateBucket"),
        ((ON_BUCKETS, "HEAD", ""), "s3:ListBucket"),
    ],
)
def test_names_of_actions(request_, action):
    """What a request does has IAM's name."""
    table, method, selector, *version_id = request_
    assert " ".join(table[method, selector].actions_on("".join(version_id))) == action


def test_attributes_are_two_actions(server, client, bucket, permit):
    """To read an object's attributes a caller needs the object and its attributes."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    asked = {"headers": {"x-amz-object-attributes": "ETag"}}
    url = f"{server.url}/{bucket}/k?attributes"
    read, described = {"Action": "s3:GetObject"}, {"Action": "s3:GetObjectAttributes"}
    for statements, expected in (([read], 403), ([described], 403), ([read, described], 200)):
        permit(*statements)
        assert httpx2.get(url, **asked).status_code == expected
    permit(described | {"Effect": "Deny"})
    assert (
        code_of(client.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
        == "AccessDenied"
    )
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_pattern_has_two_wildcards(server, client, bucket, permit):
    """An asterisk and a question mark stand for others in what a policy names, a bracket for itself."""
    client.put_object(Bucket=bucket, Key="[ab]c", Body=b"x")
    permit({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/[ab]*"})
    assert status(server, bucket, "[ab]c") == 200
    assert status(server, bucket, "ac") == 403


def matches(text, pattern):
    """Return whether a text is like a pattern, by trying every way."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return matches(text, pattern[1:]) or (text != "" and matches(text[1:], pattern))
    return text != "" and pattern[0] in ("?", text[0]) and matches(text[1:], pattern[1:])


def test_all_ways_to_match_are_followed():
    """A pattern matches wherever one way through its wildcards does, and only there."""
    texts, patterns = ([*map("".join, product(some, repeat=4)), ""] for some in ("ab", "ab*?"))
    wrong = [(t, p) for t in texts for p in patterns if is_like(t, p) != matches(t, p)]
    assert not wrong
    assert is_like("a" * 950 + "b" * 401, "*a" + "?" * 400 + "b*")
    assert not is_like("a" * 950, "*a" + "?" * 400 + "b*")
    assert not is_like("a" * 1024, "*a" * 500 + "b")
    assert is_like("[ab]\n", "[ab]?")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Condition": {"StringSounds": {"aws:UserAgent": "a"}}}, "Invalid Condition type : StringSounds"),
        ({"Condition": {"ForAnyValue:StringLikes": {"s3:prefix": "a"}}}, "Invalid Condition type"),
        ({"Version": "2013-10-17"}, "The policy must contain a valid version string"),
        ({"Version": 1}, "The policy must contain a valid version string"),
        ({"Principal": {}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": []}}, "Invalid principal in policy"),
        ({"Principal": {"Group": "everyone"}}, "Invalid principal in policy"),
        ({"Principal": "everyone"}, "Invalid principal in policy"),
        ({"Principal": None}, "Invalid principal in policy"),
    ],
)
def test_policies_with_what_is_unknown(changes, message, client, bucket):
    """Unknown operators, versions and principals are refused; those that S3 knows are not."""
    of_policy = {name: changes.pop(name) for name in ("Version",) if name in changes}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement |= {"Resource": f"arn:aws:s3:::{bucket}/*", **changes}
    policy = json.dumps({"Statement": [statement], **of_policy})
    refused = response_to(client.put_bucket_policy, Bucket=bucket, Policy=policy)["Error"]
    assert (refused["Code"], message in refused["Message"]) == ("MalformedPolicy", True)
    statement["Principal"] = {
        "AWS": ["arn:aws:iam::000000000000:root"],
        "Service": "logging.s3.amazonaws.com",
    }
    for name in ("ForAllValues:StringNotLikeIfExists", "DateLessThan", "Null", "NotIpAddress"):
        statement["Condition"] = {name: {"aws:SourceIp": "10.0.0.0/8"}}
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": statement}))


def test_others_are_served_while_a_policy_is_matched(tmp_path):
    """DeleteObjects asks the policy for each key, which may take a while, before it keeps others waiting."""
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=tmp_path))) as app:
        served = Event()

        def may_delete(*_):
            Thread(target=lambda: (app.store.usage("photos"), served.set()), daemon=True).start()
            return served.wait(10)

        body = b"<Delete><Object><Key>k</Key></Object></Delete>"
        response = app.store.delete_objects(Order("POST", "photos", body=body), may_delete)
    assert b"<Deleted>" in b"".join(response.body)


def test_a_request_is_about_one_thing(server, client, bucket):
    """Two parameters that say what a request is about are refused, with and without a signature."""
    url = client.generate_presigned_url("get_bucket_acl", {"Bucket": bucket})
    for target in (f"{server.url}/{bucket}?versions&policy", f"{url}&tagging"):
        response = httpx2.get(target)
        assert response.status_code == 400
        assert "Conflicting query string parameters: " in response.text
        assert "<ArgumentName>ResourceType</ArgumentName>" in response.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Action": "s3:GetObjct"}, "Policy has invalid action"),
        ({"Action": ["s3:GetObject", "s3:Gett*"]}, "Policy has invalid action"),
        ({"Action": "sqs:SendMessage"}, "Policy has invalid action"),
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "Policy has invalid resource"),
        ({"Resource": "photos"}, "Policy has invalid resource"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.300"}}}, "Invalid IP address: 192.0.2.300"),
        (
            {"Condition": {"NotIpAddressIfExists": {"aws:SourceIp": ["::1", "here"]}}},
            "Invalid IP address: here",
        ),
        (None, "Could not parse the policy: Statement is empty!"),
    ],
)
def test_policies_that_say_nothing_of_the_bucket(change, message, client, bucket):
    """An action, a resource or an address that does not exist is refused when it is put."""
    sound = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:getobject", "s3:List*"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.1", "2001:db8::/32"]}},
    }
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [sound]}))
    statements = [] if change is None else [sound, sound | change]
    refused = response_to(
        client.put_bucket_policy, Bucket=bucket, Policy=json.dumps({"Statement": statements})
    )["Error"]
    assert (refused["Code"], refused["Message"]) == ("MalformedPolicy", message)
