"""boto3 talks to the mock as it would to S3."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta

import boto3
import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

KEY = "photos/ünï cöde+%2F&=?#.png"


def test_put_and_get(client, bucket):
    """An object comes back with its content, type and metadata, under a key of any characters."""
    put = client.put_object(
        Bucket=bucket, Key=KEY, Body=b"0123456789", ContentType="image/png",
        ContentEncoding="gzip", Metadata={"my_key": "v", "b": "w"},
    )  # fmt: skip
    got = client.get_object(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"0123456789"
    assert (got["ETag"], got["ContentType"], got["ContentEncoding"]) == (put["ETag"], "image/png", "gzip")
    assert got["ServerSideEncryption"] == "AES256"
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert got["Metadata"] == {"my_key": "v", "b": "w"}
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == [KEY]


@pytest.mark.parametrize(
    ("range_", "content", "content_range"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=4-2", b"0123456789", None),
        ("bytes=-", b"0123456789", None),
        ("lines=1-2", b"0123456789", None),
    ],
)
def test_ranges(range_, content, content_range, client, bucket):
    """A range is served as S3 serves it; one that makes no sense is no range."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = client.get_object(Bucket=bucket, Key="k", Range=range_)
    assert (got["Body"].read(), got.get("ContentRange")) == (content, content_range)
    assert client.head_object(Bucket=bucket, Key="k", Range=range_)["ContentLength"] == len(content)


def test_checksums_in_responses(connect, bucket):
    """A response has the checksum of its whole body if it is requested, and nothing else of checksums."""
    client = connect(response_checksum_validation="when_required")
    put = client.put_object(Bucket=bucket, Key="k", Body=b"0123456789", ChecksumAlgorithm="SHA256")
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload, ChecksumAlgorithm="SHA256")["UploadId"]
    part = client.upload_part(**upload, PartNumber=1, Body=b"0123456789", ChecksumAlgorithm="SHA256")
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    whole = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    for key, checksum in (("k", put["ChecksumSHA256"]), ("parts", whole["ChecksumSHA256"])):
        for more, expected in (
            ({}, set()),
            ({"ChecksumMode": "ENABLED", "Range": "bytes=2-4"}, set()),
            ({"ChecksumMode": "ENABLED"}, {"x-amz-checksum-sha256"}),
        ):
            for read in (client.get_object, client.head_object):
                got = read(Bucket=bucket, Key=key, **more)
                headers = got["ResponseMetadata"]["HTTPHeaders"]
                names = {name for name in headers if "checksum" in name or name == "content-md5"}
                assert names - {"x-amz-checksum-type"} == expected
                assert got.get("ChecksumSHA256") == (checksum if expected else None)


def test_checksum_of_an_object_whose_client_names_none(connect, bucket, form, post):
    """Without a checksum of the client's, an object has the default one, however it came."""
    client = connect(request_checksum_calculation="when_required")
    put = client.put_object(Bucket=bucket, Key="k", Body=b"test data")
    form.send(b"test data")
    posted = post(form).headers
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"test data")["ETag"]}
    completed = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    heads = [
        client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        for key in ("k", form.fields["key"], "parts")
    ]
    for response in (put, completed, *heads):
        assert (response["ChecksumCRC64NVME"], response["ChecksumType"]) == ("rsrzr5yYqFU=", "FULL_OBJECT")
    assert posted["x-amz-checksum-crc64nvme"] == "rsrzr5yYqFU="
    assert posted["x-amz-checksum-type"] == "FULL_OBJECT"


def test_range_beyond_the_end(client, bucket, code):
    """A range that begins after the end is an InvalidRange."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert code(client.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == "InvalidRange"


DISPOSITION = "attachment; filename=фото.png"


def test_headers_that_are_not_ascii(client, bucket, form, post):
    """A header may be UTF-8: in a request, where it is signed so, in a form, and in the response."""
    where = {"Bucket": bucket, "Key": "k"}
    url = client.generate_presigned_url("put_object", Params={**where, "ContentDisposition": DISPOSITION})
    headers = {"Content-Disposition": DISPOSITION.encode(), "Cache-Control": "größer".encode()}
    assert httpx2.put(url, content=b"x", headers=headers).status_code == 200
    form.allow({"Content-Disposition": DISPOSITION, "Cache-Control": "größer"})
    assert post(form).status_code == 204
    for key in ("k", form.fields["key"]):
        got = httpx2.get(client.generate_presigned_url("get_object", Params={**where, "Key": key}))
        raw = {name.lower(): value.decode() for name, value in got.headers.raw}
        assert (raw[b"content-disposition"], raw[b"cache-control"]) == (DISPOSITION, "größer")


TAGS = "&".join(f"t{number}=1" for number in range(11))


@pytest.mark.parametrize("tags", [TAGS, "aws:t=1"])
def test_a_refusal_leaves_what_was_there(tags, client, bucket, code):
    """An upload or copy that is refused for its tags leaves the object of its key, or none, as it was."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="t=1")
    copy = {"CopySource": f"{bucket}/k", "TaggingDirective": "REPLACE", "MetadataDirective": "REPLACE"}
    for key in ("k", "none"):
        upload = {"Bucket": bucket, "Key": key}
        assert code(client.put_object, **upload, Body=b"y", Tagging=tags) in ("BadRequest", "InvalidTag")
        assert code(client.copy_object, **upload, **copy, Tagging=tags) in ("BadRequest", "InvalidTag")
        upload["UploadId"] = client.create_multipart_upload(**upload, Tagging=tags)["UploadId"]
        part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"y")["ETag"]}
        complete = client.complete_multipart_upload
        refusal = code(complete, **upload, MultipartUpload={"Parts": [part]})
        assert refusal in ("BadRequest", "InvalidTag")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert client.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_locked_objects(client, bucket, code):
    """A version that is uploaded with a lock and a checksum is kept until the lock is passed by."""
    locked = f"{bucket[:50]}-locked"
    client.create_bucket(
        Bucket=locked,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": client.meta.region_name},
    )
    lock = {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=1),
    }
    version = client.put_object(Bucket=locked, Key="k", Body=b"x", **lock)["VersionId"]
    assert code(client.delete_object, Bucket=locked, Key="k", VersionId=version) == "AccessDenied"
    client.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)


def test_not_modified_has_no_body(client, bucket, server):
    """A response that has no body by its status sends none, so that the connection can go on."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    connection = http.client.HTTPConnection(server.url.partition("//")[2])
    connection.request("GET", url, headers={"If-None-Match": '"9dd4e461268c8034f5c8564e155c67a6"'})
    assert connection.getresponse().read() == b""
    connection.sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    connection.close()


def test_copy_tag_delete(client, bucket, code):
    """Objects are copied with their tags, and gone when deleted, one by one or several at once."""
    client.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="t=1", ContentType="image/png")
    client.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    client.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a"})
    copied = client.get_object(Bucket=bucket, Key="b")
    assert (copied["Body"].read(), copied["ContentType"]) == (b"x", "image/png")
    assert client.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]
    client.delete_object(Bucket=bucket, Key="a")
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}, {"Key": "none"}]})
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert code(client.get_object, Bucket=bucket, Key="a") == "NoSuchKey"
    client.delete_bucket(Bucket=bucket)
    assert code(client.list_objects_v2, Bucket=bucket) == "NoSuchBucket"


def test_versions(client, bucket, code):
    """In a versioned bucket every version keeps its content, until it is deleted itself."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second = (
        client.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"] for body in (b"1", b"22")
    )
    client.delete_object(Bucket=bucket, Key="k")
    assert code(client.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    contents = [
        client.get_object(Bucket=bucket, Key="k", VersionId=one)["Body"].read() for one in (first, second)
    ]
    assert contents == [b"1", b"22"]
    client.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert code(client.get_object, Bucket=bucket, Key="k", VersionId=first) == "NoSuchVersion"


def test_version_that_is_not_there(client, bucket):
    """Deleting a version that an object does not have leaves it, one by one and several at once."""
    client.put_object(Bucket=bucket, Key="k", Body=b"1")
    versioned = f"{bucket}-2"
    client.create_bucket(Bucket=versioned)
    client.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Enabled"})
    missing = {"Key": "k", "VersionId": client.put_object(Bucket=versioned, Key="k")["VersionId"]}
    client.delete_object(Bucket=bucket, **missing)
    client.delete_objects(Bucket=bucket, Delete={"Objects": [missing]})
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    client.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_any_credential_makes_buckets_and_rules(connect, keys, bucket):
    """Every credential may make buckets, objects and rules."""
    other = connect(keys.other, keys.other_secret)
    other.put_bucket_cors(
        Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}
    )
    other.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert bucket in [one["Name"] for one in other.list_buckets()["Buckets"]]


@pytest.mark.parametrize(
    ("access_key", "secret", "expected"),
    [
        ("AKIDUNKNOWN", "s", "InvalidAccessKeyId"),
        ("ASIAIOSFODNN7EXAMPLE", "s", "InvalidAccessKeyId"),
        (None, "wrong", "SignatureDoesNotMatch"),
    ],
)
def test_wrong_credentials(access_key, secret, expected, connect, keys, bucket, code):
    """An access key that is unknown, or lacks its token, and a wrong secret are distinguished."""
    wrong = connect(access_key or keys.access, secret)
    assert code(wrong.put_object, Bucket=bucket, Key="k", Body=b"x" * 100_000) == expected
    assert code(wrong.list_buckets) == expected


def test_wrong_region(connect, bucket):
    """A request signed for another region gets the right one, and boto3 goes there."""
    assert connect(region="eu-west-1").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_region_of_a_bucket(connect, bucket, error):
    """A request signed for another region gets the bucket's, in a header too."""
    url = connect(region="eu-west-1").generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    response = httpx2.get(url)
    assert (error(response)["Region"], response.headers["x-amz-bucket-region"]) == ("us-west-2", "us-west-2")


def test_encryption_of_copies(client, bucket):
    """A copy is encrypted as any object is, and its response says so."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    copied = client.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert copied["ServerSideEncryption"] == "AES256"
    assert client.head_object(Bucket=bucket, Key="copy")["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("range_", ["bytes=0-10", "bytes=5-2", "bytes=a-b", "0-5", "bytes=0-", "bytes=-3"])
def test_ranges_that_cannot_be_copied(range_, client, bucket, code):
    """A part is copied from a range inside its source, with both ends, or not at all."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    upload = {"Bucket": bucket, "Key": "copy"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "CopySource": f"{bucket}/k", "CopySourceRange": range_}
    assert code(client.upload_part_copy, **upload, **part) == "InvalidArgument"


def test_delete_marker_in_responses(client, bucket):
    """A response for a deleted object of a versioned bucket says that there is a delete marker."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = client.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for read in (client.get_object, client.head_object):
        with pytest.raises(ClientError) as caught:
            read(Bucket=bucket, Key="k")
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)


def test_a_thousand_keys_at_most(client, bucket, code):
    """One request deletes, and lists, no more than a thousand keys."""
    keys = [{"Key": f"k{number}"} for number in range(1001)]
    assert code(client.delete_objects, Bucket=bucket, Delete={"Objects": keys}) == "MalformedXML"
    assert len(client.delete_objects(Bucket=bucket, Delete={"Objects": keys[:1000]})["Deleted"]) == 1000
    assert client.list_objects_v2(Bucket=bucket, MaxKeys=2000)["MaxKeys"] == 1000


def test_where_a_list_starts(client, bucket):
    """A page of a list says where it starts; prefixes that keys have in common are encoded like keys."""
    for key in ("a%2Fb/1", "c & d/2", "e"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    listed = client.list_objects(Bucket=bucket, Delimiter="/", Marker="a")
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["a%2Fb/", "c & d/"]
    assert (listed["Marker"], listed["Contents"][0]["Key"]) == ("a", "e")
    assert client.list_objects(Bucket=bucket)["Marker"] == ""
    first = client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    assert "ContinuationToken" not in first
    token = first["NextContinuationToken"]
    assert client.list_objects_v2(Bucket=bucket, ContinuationToken=token)["ContinuationToken"] == token


def test_uploads_without_a_length(client, bucket, error):
    """An upload whose length is not announced is not implemented, as at S3."""
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    elements = error(httpx2.put(url, content=iter([b"x"])))
    assert (elements["Code"], elements["Header"]) == ("NotImplemented", "Transfer-Encoding")


def test_bucket_in_the_host_name(client, bucket, form, server):
    """A bucket may be in the host name; what is signed, and the Location, are then without it in the path."""
    port = server.url.rpartition(":")[2]
    host = f"{bucket}.localhost:{port}"
    response = httpx2.post(
        server.url, content=form.body(),
        headers={"Content-Type": f"multipart/form-data; boundary={form.boundary}", "Host": host},
    )  # fmt: skip
    assert response.status_code == 204
    assert response.headers["Location"] == f"http://{host}/{form.fields['key'].replace('/', '%2F')}"
    assert client.head_object(Bucket=bucket, Key=form.fields["key"])["ContentLength"] == len(form.file)


def test_a_conversation_with_the_bucket_in_the_host_name(bucket, server, keys):
    """All that is done to an object can be done with its bucket in the host name."""
    port = server.url.rpartition(":")[2]
    client = boto3.client(
        "s3", endpoint_url=f"http://s3.localhost:{port}", region_name=keys.region,
        aws_access_key_id=keys.access, aws_secret_access_key=keys.secret,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )  # fmt: skip

    def ask(operation: str, method: str, content: bytes = b"", **parameters: str) -> httpx2.Response:
        """Send a presigned request to the address that its host name would resolve to."""
        url = httpx2.URL(client.generate_presigned_url(operation, Params=parameters))
        there = url.copy_with(host="127.0.0.1")
        return httpx2.request(method, there, content=content, headers={"Host": url.netloc.decode()})

    where = {"Bucket": bucket, "Key": KEY}
    assert ask("put_object", "PUT", b"x", **where).status_code == 200
    assert ask("head_object", "HEAD", **where).headers["Content-Length"] == "1"
    assert ask("get_object", "GET", **where).content == b"x"
    assert b"<KeyCount>1</KeyCount>" in ask("list_objects_v2", "GET", Bucket=bucket).content
    assert bucket in ask("list_buckets", "GET").text
    assert ask("delete_object", "DELETE", **where).status_code == 204
    assert ask("get_object", "GET", **where).status_code == 404


def test_what_everyone_may(client, bucket, server, code):
    """Objects are private, unless the bucket policy or an ACL grants them to everyone."""
    client.put_object(Bucket=bucket, Key="public/k", Body=b"x")
    client.put_object(Bucket=bucket, Key="private/k", Body=b"x")
    urls = [f"{server.url}/{bucket}/{folder}/k" for folder in ("public", "private")]
    assert [httpx2.get(url).status_code for url in urls] == [403, 403]
    resource = f"arn:aws:s3:::{bucket}/public/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [statement]}))
    assert [httpx2.get(url).status_code for url in urls] == [200, 403]
    client.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Statement": [statement | {"Effect": "Deny"}]})
    )
    assert code(client.get_object, Bucket=bucket, Key="public/k") == "AccessDenied"
    client.delete_bucket_policy(Bucket=bucket)
    client.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    client.put_object_acl(Bucket=bucket, Key="public/k", ACL="public-read")
    assert [httpx2.get(url).status_code for url in urls] == [200, 403]


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/minio/health/live", "/minio/health/ready", "/minio/health/cluster", "/_localstack/health"],
)
def test_probes_need_no_signature(path, server):
    """What asks other servers whether they live gets 200 here, too; nothing else is there."""
    response = httpx2.get(server.url + path)
    assert response.status_code == httpx2.head(server.url + path).status_code == 200
    if "localstack" in path:
        assert response.json()["services"] == {"s3": "running"}
    assert httpx2.get(f"{server.url}{path}/else").status_code in (403, 404)
    assert httpx2.put(server.url + path).status_code in (403, 404)


def test_what_mc_asks(server, client, bucket, keys):
    """`mc ready` and `mc admin info` get what MinIO says, the latter if they sign."""
    cluster = httpx2.get(f"{server.url}/minio/health/cluster", params={"maintenance": "true"})
    assert (cluster.status_code, cluster.headers["X-Minio-Write-Quorum"]) == (200, "1")
    client.put_object(Bucket=bucket, Key="k", Body=b"123")
    url = f"{server.url}/minio/admin/v3/info"
    assert httpx2.get(url).status_code == 403
    for region in ("", "us-east-1"):  # Go's client signs for no region
        request = AWSRequest("GET", url, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        SigV4Auth(Credentials(keys.access, keys.secret), "s3", region).add_auth(request)
        info = httpx2.get(url, headers=dict(request.headers)).json()
        assert (info["mode"], info["servers"][0]["state"]) == ("online", "online")
        assert info["buckets"]["count"] >= 1 <= info["objects"]["count"]
        assert info["usage"]["size"] >= 3


def test_a_bucket_with_the_name_of_a_probe_is_a_bucket(server, client):
    """Who makes a bucket of this name gets what is in it."""
    client.create_bucket(Bucket="healthz", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert httpx2.get(f"{server.url}/healthz").status_code == 403
    client.delete_bucket(Bucket="healthz")
    assert httpx2.get(f"{server.url}/healthz").status_code == 200


def test_no_region(server, keys):
    """A location that is no region makes no bucket; in us-east-1 any region may be named."""
    east = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=keys.access,
        aws_secret_access_key=keys.secret,
    )
    for location in ("nonsense", "eu-west", "../x-1"):
        with pytest.raises(ClientError, match="InvalidLocationConstraint"):
            east.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": location})
    for location in ("EU", "eu-west-1", "us-gov-west-1"):
        bucket = f"in-{location.lower()}"
        made = east.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": location})
        assert made["Location"] == f"/{bucket}"
