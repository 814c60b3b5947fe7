"""ACLs as S3 takes and shows them: canned ones, grants in headers, and documents."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from uuid import uuid4

import httpx2
import pytest

from strict_s3.app import create_app
from strict_s3.messages.errors import S3Error
from strict_s3.messages.orders import Order
from strict_s3.options import Options
from strict_s3.store.acl import acl_of

from .conftest import code_of

EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
SOMEBODY = "a" * 64
WRITER = {"x-amz-object-ownership": "ObjectWriter"}
REGION = {"LocationConstraint": "us-west-2"}
ACL = b"<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList/></AccessControlPolicy>"


@pytest.fixture
def writers(client):
    """Return a bucket whose objects have ACLs."""
    name = f"acl-{uuid4().hex}"
    client.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter", CreateBucketConfiguration=REGION)
    return name


def grants(acl):
    """Return permissions and grantees of an ACL."""
    return sorted(
        (one["Permission"], one["Grantee"].get("URI") or one["Grantee"]["ID"]) for one in acl["Grants"]
    )


def with_grant(acl, permission, **grantee):
    """Return an ACL with a further grant."""
    more = [{"Grantee": grantee, "Permission": permission}]
    return {"AccessControlPolicy": {"Owner": acl["Owner"], "Grants": acl["Grants"] + more}}


def test_a_document_is_the_acl_of_an_object(server, client, writers):
    """A document is taken as it is, for the version that is named alone."""
    client.put_bucket_versioning(Bucket=writers, VersioningConfiguration={"Status": "Enabled"})
    ids = [client.put_object(Bucket=writers, Key="k", Body=b"x")["VersionId"] for _ in range(2)]
    old = {"Bucket": writers, "Key": "k", "VersionId": ids[0]}
    acl = client.get_object_acl(**old)
    owner = acl["Owner"]["ID"]
    client.put_object_acl(**old, **with_grant(acl, "READ", Type="Group", URI=EVERYONE))
    assert grants(client.get_object_acl(**old)) == [("FULL_CONTROL", owner), ("READ", EVERYONE)]
    assert grants(client.get_object_acl(Bucket=writers, Key="k")) == [("FULL_CONTROL", owner)]
    url = f"{server.url}/{writers}/k"
    assert httpx2.get(url, params={"versionId": ids[0]}).status_code == 200
    assert httpx2.get(url).status_code == 403
    acl["Grants"][0]["Permission"] = "READ_ACP"
    client.put_object_acl(**old, AccessControlPolicy={"Owner": acl["Owner"], "Grants": acl["Grants"]})
    assert grants(client.get_object_acl(**old)) == [("READ_ACP", owner)]


def test_every_permission_is_a_grant(client, writers):
    """A canned ACL that lets everyone read and write has a grant of each; a new bucket may have grants."""
    client.put_object(Bucket=writers, Key="k", Body=b"x", ACL="public-read-write")
    shown = grants(client.get_object_acl(Bucket=writers, Key="k"))
    assert shown[1:] == [("READ", EVERYONE), ("WRITE", EVERYONE)]
    name = f"{writers}-2"
    client.create_bucket(
        Bucket=name,
        ObjectOwnership="ObjectWriter",
        GrantReadACP=f"id={SOMEBODY}",
        GrantRead=f'uri="{EVERYONE}"',
        CreateBucketConfiguration=REGION,
    )
    acl = client.get_bucket_acl(Bucket=name)
    assert grants(acl) == [("READ", EVERYONE), ("READ_ACP", SOMEBODY)]
    client.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": acl["Owner"], "Grants": []})
    assert client.get_bucket_acl(Bucket=name)["Grants"] == []


@pytest.mark.parametrize("ownership", [{}, {"ObjectOwnership": "BucketOwnerEnforced"}])
def test_new_buckets_whose_ownership_is_enforced(ownership, client, bucket):
    """They have no ACL but that of their owner."""
    arguments = {"Bucket": f"{bucket}-2", "CreateBucketConfiguration": REGION, **ownership}
    code = code_of(client.create_bucket, **arguments, ACL="public-read")
    assert code == "InvalidBucketAclWithObjectOwnership"
    client.create_bucket(**arguments, ACL="private")


def test_acls_that_everyone_may_read_and_write(server, client, writers):
    """READ_ACP and WRITE_ACP are for the ACL alone, of a bucket and of an object."""
    client.put_object(Bucket=writers, Key="k", Body=b"x")
    everyone = {"GrantReadACP": f'uri="{EVERYONE}"', "GrantWriteACP": f'uri="{EVERYONE}"'}
    for put, place in (
        (partial(client.put_bucket_acl, Bucket=writers), f"{server.url}/{writers}"),
        (partial(client.put_object_acl, Bucket=writers, Key="k"), f"{server.url}/{writers}/k"),
    ):
        assert httpx2.get(f"{place}?acl").status_code == 403
        put(**everyone)
        assert EVERYONE in httpx2.get(f"{place}?acl").text
        assert httpx2.get(place).status_code == 403
        assert httpx2.put(f"{place}?acl", headers={"x-amz-acl": "private"}).status_code == 200
        assert httpx2.get(f"{place}?acl").status_code == 403


@pytest.mark.parametrize(
    ("grantee", "code"),
    [
        ({"Type": "CanonicalUser", "ID": "_foo"}, "InvalidArgument"),
        ({"Type": "Group", "URI": "http://example.com/all"}, "InvalidArgument"),
        ({"Type": "AmazonCustomerByEmail", "EmailAddress": "a@b.example"}, "UnresolvableGrantByEmailAddress"),
        ({"Type": "Somebody", "ID": SOMEBODY}, "MalformedACLError"),
    ],
)
def test_grantees_that_nobody_is(grantee, code, client, writers):
    """A grantee is an account's ID, or one of three groups."""
    document = with_grant(client.get_bucket_acl(Bucket=writers), "READ", **grantee)
    assert code_of(client.put_bucket_acl, Bucket=writers, **document) == code


@pytest.mark.parametrize("given", [f'id={" " * 7000}x"y', "id", "name=x", f'uri="{EVERYONE}x'])
def test_grants_that_are_none(given):
    """A grant in a header is a kind of grantee and a name; any number of spaces is read in one go."""
    with pytest.raises(S3Error) as caught:
        acl_of({"x-amz-grant-read": given})
    assert caught.value.code == "InvalidArgument"


def test_documents_where_acls_are_off(client, bucket):
    """Where the bucket's owner owns all, an object's ACL may say just that."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    acl = client.get_object_acl(Bucket=bucket, Key="k")
    same = {"Owner": acl["Owner"], "Grants": acl["Grants"]}
    client.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=same)
    document = with_grant(acl, "READ", Type="Group", URI=EVERYONE)
    no = "AccessControlListNotSupported"
    assert code_of(client.put_object_acl, Bucket=bucket, Key="k", **document) == no
    assert code_of(client.put_bucket_acl, Bucket=bucket, **document) == no
    assert code_of(client.put_bucket_acl, Bucket=bucket, ACL="public-read") == no
    client.put_bucket_acl(Bucket=bucket, ACL="private")
    assert code_of(client.create_bucket, Bucket=f"{bucket}-2", ACL="nobody") == "InvalidArgument"


def test_an_acl_has_a_hundred_grants(client, writers):
    """A hundred grants are taken, one more is not."""
    client.put_object(Bucket=writers, Key="k", Body=b"x")
    for put, about in ((client.put_bucket_acl, {}), (client.put_object_acl, {"Key": "k"})):
        acl = client.get_bucket_acl(Bucket=writers)
        one = {"Grantee": {"Type": "CanonicalUser", "ID": SOMEBODY}, "Permission": "READ"}
        document = {"Owner": acl["Owner"], "Grants": [one] * 100}
        put(Bucket=writers, **about, AccessControlPolicy=document)
        document["Grants"].append(one)
        assert code_of(put, Bucket=writers, **about, AccessControlPolicy=document) == "MalformedACLError"


@pytest.mark.parametrize("document", [b"junk", b" \n", ACL[:-3], ACL + b"junk", ACL + b"\xff", b"<Tagging/>"])
def test_documents_that_are_no_acl(document, client, writers, send):
    """They have an error of their own, at buckets as at objects."""
    client.put_object(Bucket=writers, Key="k", Body=b"x")
    for path in (writers, f"{writers}/k"):
        response = send("PUT", f"{path}?acl", document)
        assert (response.status_code, "<Code>MalformedACLError</Code>" in response.text) == (400, True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (",".join([f"uri={EVERYONE}"] * 101), "MalformedACLError"),
        ("id=zzz", "InvalidArgument"),
        ("uri=http://example.com/all", "InvalidArgument"),
        ("emailAddress=a@b.example", "UnresolvableGrantByEmailAddress"),
    ],
)
def test_grants_of_new_objects(given, code, client, writers):
    """However an object is made, who is granted something has to exist, and a hundred grants are enough."""
    client.put_object(Bucket=writers, Key="k", Body=b"x")
    about = {"Bucket": writers, "Key": "new", "GrantRead": given}
    assert code_of(client.put_object, Body=b"x", **about) == code
    assert code_of(client.create_multipart_upload, **about) == code
    assert code_of(client.copy_object, CopySource=f"{writers}/k", **about) == code
    assert client.list_objects_v2(Bucket=writers)["KeyCount"] == 1


def test_every_new_object_has_the_acl_of_its_request(client, writers):
    """An object put, copied or uploaded in parts has the grants of its request, and no others."""
    given = {"Bucket": writers, "GrantReadACP": f'id="{SOMEBODY}"', "GrantRead": f"uri={EVERYONE}"}
    client.put_object(Key="put", Body=b"x", **given)
    client.copy_object(Key="copy", CopySource=f"{writers}/put", **given)
    upload = {"Bucket": writers, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(Key="parts", **given)["UploadId"]
    tag = client.upload_part(PartNumber=1, Body=b"x", **upload)["ETag"]
    client.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}, **upload)
    for key in ("put", "copy", "parts"):
        acl = grants(client.get_object_acl(Bucket=writers, Key=key))
        assert acl == [("READ", EVERYONE), ("READ_ACP", SOMEBODY)]


def test_what_changes_nothing_of_a_bucket_that_is_made_again(tmp_path):
    """Made again, a bucket keeps its owner's rules, also where its ACL is refused."""
    public = {"x-amz-acl": "public-read"}
    name = "PublicAccessBlockConfiguration"
    block = f"<{name}><BlockPublicAcls>true</BlockPublicAcls></{name}>".encode()
    with closing(create_app(Options(buckets=(), region="us-east-1", credentials={}, data=tmp_path))) as app:
        app.store.buckets.create(Order("PUT", "photos", headers=WRITER))
        app.store.buckets.create(
            Order("PUT", "photos", headers={"x-amz-object-ownership": "BucketOwnerEnforced"})
        )
        assert app.store.existing("photos").has_acls
        app.store.buckets.change(Order("PUT", "photos", query=(("publicAccessBlock", ""),), body=block))
        with pytest.raises(S3Error) as caught:
            app.store.buckets.create(Order("PUT", "photos", headers=public))
        assert caught.value.code == "AccessDenied"
        assert not app.store.existing("photos").public


def test_a_bucket_that_is_made_again(tmp_path):
    """In us-east-1 its owner resets its ACL with that, for later processes, too."""
    settings = {"buckets": (), "region": "us-east-1", "credentials": {}, "data": tmp_path}
    acls = []
    with closing(create_app(Options(**settings))) as app:
        app.store.buckets.create(Order("PUT", "photos", headers=WRITER))
        for headers in ({"x-amz-acl": "public-read"}, {}, {"x-amz-grant-read": f"uri={EVERYONE}"}):
            order = Order("PUT", "photos", headers=headers)
            app.store.buckets.create(order)
            acls.append(app.store.existing("photos").public)
    with closing(create_app(Options(**settings))) as app:
        acls.append(app.store.existing("photos").public)
    assert acls == [{"READ"}, set(), {"READ"}, {"READ"}]


def test_a_document_is_the_acl_of_a_bucket_in_later_processes(tmp_path):
    """A restart reads an ACL document as it was read when it was put: here, one without a grant."""
    settings = {"buckets": (), "credentials": {}, "data": tmp_path}
    body = (
        f"<AccessControlPolicy><Owner><ID>{SOMEBODY}</ID></Owner><AccessControlList/></AccessControlPolicy>"
    )
    said = []
    asks = Order("GET", "photos", query=(("acl", ""),))
    with closing(create_app(Options(**settings))) as app:
        app.store.buckets.create(Order("PUT", "photos", headers=WRITER))
        app.store.buckets.change(replace(asks, method="PUT", body=body.encode()))
        said.append(b"".join(app.store.buckets.read(asks).body))
    with closing(create_app(Options(**settings))) as app:
        said.append(b"".join(app.store.buckets.read(asks).body))
    assert said[0] == said[1]
    assert b"<Grant>" not in said[0]
