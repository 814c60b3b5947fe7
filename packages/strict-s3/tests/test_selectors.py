"""What of a bucket, or of an object, a request is about; and buckets that are gone when it gets there."""

from contextlib import closing, suppress
from datetime import UTC, datetime
from threading import Thread

import botocore.session
import httpx2
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from strict_s3.app import create_app
from strict_s3.messages.errors import S3Error
from strict_s3.messages.integers import integer_argument, whole_number
from strict_s3.messages.operations import BY_NAME, NOT_IMPLEMENTED
from strict_s3.messages.orders import Order
from strict_s3.options import Options
from strict_s3.store.index import Index


@pytest.fixture
def send(server, keys):
    """Send a request that boto3 has no call for, presigned: about what a parameter says."""

    def send(method, bucket, selector, key=""):
        request = AWSRequest(method, f"{server.url}/{bucket}/{key}?{selector}")
        S3SigV4QueryAuth(Credentials(keys.access, keys.secret), "s3", keys.region).add_auth(request)
        return httpx2.request(method, request.url)

    return send


UNDELETABLE = (
    "accelerate", "acl", "attributes", "delete", "legal-hold", "location", "logging", "notification",
    "object-lock", "policyStatus",
    "requestPayment", "retention", "torrent", "uploads", "uploadId=x", "versioning", "versions",
)  # fmt: skip


def test_deletion_of_what_cannot_be_deleted(send, client, bucket):
    """It is refused, and deletes neither the bucket nor an object."""
    for selector in UNDELETABLE:
        assert send("DELETE", bucket, selector).status_code in (405, 501), selector
        client.head_bucket(Bucket=bucket)  # of an empty bucket, which could be deleted
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    for selector in UNDELETABLE:
        if not selector.startswith("uploadId"):
            assert send("DELETE", bucket, selector, "k").status_code in (405, 501), selector
            client.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("selector", ["attributes", "legal-hold", "select", "torrent", "policy"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_selectors_of_others(method, selector, send, client, bucket):
    """What objects have, a bucket has not, and the other way round: nothing stands in for it."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    key = "k" if selector == "policy" else ""
    assert send(method, bucket, selector, key).status_code in (405, 501)
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_form_is_not_posted_to_an_object(server, client, bucket):
    """A form that is posted to an object's URL is refused for that, as pages by mistake do."""
    form = client.generate_presigned_post(bucket, "k")
    response = httpx2.post(f"{server.url}/{bucket}/k", data=form["fields"], files={"file": b"x"})
    assert response.status_code == 405
    assert "<Method>POST</Method><ResourceType>OBJECT</ResourceType>" in response.text


@pytest.mark.parametrize(
    ("selector", "root"),
    [
        ("versioning", "VersioningConfiguration"),
        ("accelerate", "AccelerateConfiguration"),
        ("notification", "NotificationConfiguration"),
        ("requestPayment", "RequestPaymentConfiguration"),
    ],
)
def test_roots_of_documents(selector, root, send, bucket):
    """A document about a bucket has the root that SDKs look for."""
    response = send("GET", bucket, selector)
    assert response.status_code == 200
    assert f"<{root} xmlns=" in response.text


def test_every_request_may_find_its_bucket_gone(tmp_path):
    """Another request may remove the bucket in between: that is NoSuchBucket, and no failure."""
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=tmp_path))) as app:
        store = app.store
        query = (("acl", ""),)
        calls = [
            lambda: store.buckets.read(Order("GET", "gone", query=query)),
            lambda: store.buckets.read(Order("GET", "gone", query=(("cors", ""),))),
            lambda: store.serve_list("ListObjectsV2", Order("GET", "gone")),
            lambda: store.buckets.change(Order("PUT", "gone", query=query, headers={"x-amz-acl": "private"})),
            lambda: store.buckets.change(Order("DELETE", "gone")),
            lambda: store.delete_objects(Order("POST", "gone"), lambda *_: True),
            lambda: store.copy_object(Order("PUT", "gone", "k", headers={"x-amz-copy-source": "photos/k"})),
            lambda: store.change_object(Order("DELETE", "gone", "k")),
            lambda: store.object_attributes(Order("GET", "gone", "k")),
            lambda: store.subresource(Order("GET", "gone", "k", query)),
            lambda: store.look_up(Order("HEAD", "gone", "k")).__enter__(),
            lambda: store.tags("gone", "k", None),
            lambda: store.public_permissions("gone", "k", None),
            lambda: store.uploads.begin(Order("POST", "gone", "k", (("uploads", ""),))),
        ]
        codes = []
        for call in calls:
            with pytest.raises(S3Error) as caught:
                call()
            codes.append(caught.value.code)
    assert codes == ["NoSuchBucket"] * len(calls)


def test_buckets_that_come_and_go(client, bucket):
    """While a bucket is made and removed again and again, requests for it never fail."""
    name = f"{bucket[:40]}-gone"
    statuses = set()

    def call(method, **arguments):
        for _ in range(30):
            try:
                getattr(client, method)(Bucket=name, **arguments)
            except ClientError as error:
                statuses.add(error.response["ResponseMetadata"]["HTTPStatusCode"])

    where = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    calls = [("create_bucket", where), ("delete_bucket", {}), ("get_bucket_acl", {}), ("get_bucket_cors", {})]
    calls += [("put_bucket_acl", {"ACL": "private"}), ("head_object", {"Key": "k"}), ("list_objects_v2", {})]
    threads = [Thread(target=call, args=(method,), kwargs=arguments) for method, arguments in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with suppress(ClientError):
        client.delete_bucket(Bucket=name)
    assert not {status for status in statuses if status >= 500}


@pytest.mark.parametrize("text", ["-1", "1.0", "1_0", "\u00b2", "\u0661", "", " ", "0x1", "9" * 19])
def test_what_is_no_whole_number(text):
    """Digits are those of ASCII, and no more than 18."""
    assert whole_number(text) is None


def test_whole_numbers_that_arguments_say():
    """An argument has 31 bits at most; without one there is a default."""
    assert [integer_argument("max-keys", text, 7) for text in ("", None, "0", "2147483647")] == [
        7, 7, 0, 2147483647,
    ]  # fmt: skip
    for text in ("2147483648", "-1", "ten"):
        with pytest.raises(S3Error) as caught:
            integer_argument("max-keys", text, 7)
        assert caught.value.code == "InvalidArgument"


UNKNOWN = "abac", "Acl", "CORS", "id=1", "lifecycle&new", "metadataConfiguration", "metadataTable", "session"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_changes_that_are_unknown_here(method, send, client, bucket):
    """What is not known whole changes neither the bucket nor an object, and is no list of objects."""
    for selector in UNKNOWN:
        assert send(method, bucket, selector).status_code == 501, selector
        client.head_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    for selector in UNKNOWN:
        assert send(method, bucket, selector.removesuffix("=1"), "k").status_code in (405, 501), selector
        assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
        assert send("GET", bucket, selector).status_code == (200 if "=" in selector else 501), selector


def test_parameters_that_say_nothing(send, client, bucket):
    """SDKs name the operation, and lists have empty parameters; a read passes over a value for caches."""
    assert send("GET", bucket, "list-type=2&prefix=&start-after=&v=1").status_code == 200
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert send("GET", bucket, "1700000000", "k").content == b"x"
    assert send("PUT", bucket, "x-id=PutObject&x-user=ann&v=1", "k").status_code == 200
    assert send("DELETE", bucket, "x-id=DeleteObject&versionId=null", "k").status_code == 204
    assert send("DELETE", bucket, "x-id=DeleteBucket").status_code == 204


def test_folders_with_a_broken_bucket(tmp_path, caplog):
    """It alone is missing."""
    sound = {"region": "us-east-1", "headers": {}, "body": "", "subresources": {}}
    with closing(Index(tmp_path, durable=False)) as index:
        for name, settings in (("photos", sound), ("broken", {})):
            (tmp_path / name / "objects").mkdir(parents=True)
            index.save(name, "bucket", "", settings)
    with closing(create_app(Options(buckets=(), credentials={}, data=tmp_path))) as app:
        assert app.store.bucket("photos")
        assert app.store.bucket("broken") is None
    assert "Bucket broken cannot be restored" in caplog.text


def test_folders_of_before_the_index(tmp_path):
    """They are refused, and stay as they are."""
    (tmp_path / "photos" / "objects").mkdir(parents=True)
    (tmp_path / "photos" / "bucket.json").write_text("{}")
    with pytest.raises(OSError, match=r"version before 0\.3: run version 0\.3"):
        create_app(Options(buckets=(), data=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


MODEL = botocore.session.get_session().get_service_model("s3")
ELSEWHERE = {
    "GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification",
    "ListDirectoryBuckets", "WriteGetObjectResponse",
}  # fmt: skip
"""Operations that others replace, and those of other kinds of buckets and of functions."""


def test_what_is_not_implemented_is_refused(send, bucket):
    """Each operation of botocore's model is in the table; one that is not served is 501, reads too."""
    names = {*MODEL.operation_names} - ELSEWHERE
    assert names <= BY_NAME.keys()
    statuses = {}
    for name in sorted(name for name in names if not BY_NAME[name].is_served):
        http = MODEL.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        key = "k" if "{Key+}" in path else ""
        statuses[name] = send(http["method"], bucket, query, key).status_code
    assert statuses == dict.fromkeys(statuses, 501)
    assert len(statuses) > 10


@pytest.mark.parametrize("name", sorted(NOT_IMPLEMENTED))
def test_headers_that_would_change_what_is_done(name, client, bucket):
    """A request with one that has no effect here is 501, and changes nothing."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")

    def add(request, **_):
        request.headers[name] = "1"

    client.meta.events.register("before-sign.s3.PutObject", add)
    try:
        with pytest.raises(ClientError) as caught:
            client.put_object(Bucket=bucket, Key="k", Body=b"yy")
    finally:
        client.meta.events.unregister("before-sign.s3.PutObject", add)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


SEEN = frozenset({
    "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
    "content-md5", "content-type", "expires", "if-match", "if-modified-since", "if-none-match",
    "if-unmodified-since", "range", "x-amz-acl", "x-amz-bucket-object-lock-enabled",
    "x-amz-bucket-object-lock-token", "x-amz-bypass-governance-retention",
    "x-amz-confirm-remove-self-bucket-access", "x-amz-copy-source", "x-amz-expected-bucket-owner",
    "x-amz-max-parts", "x-amz-metadata-directive", "x-amz-mfa", "x-amz-mp-object-size",
    "x-amz-object-attributes", "x-amz-object-lock-legal-hold", "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date", "x-amz-object-ownership", "x-amz-optional-object-attributes",
    "x-amz-part-number-marker", "x-amz-request-payer", "x-amz-sdk-checksum-algorithm",
    "x-amz-skip-destination-validation", "x-amz-source-expected-bucket-owner", "x-amz-storage-class",
    "x-amz-tagging", "x-amz-tagging-directive", "x-amz-transition-default-minimum-object-size",
    "x-amz-website-redirect-location",
})  # fmt: skip
"""Headers that are implemented, or change nothing of what is done."""


def test_each_header_of_the_model():
    """A header of an operation that is served is implemented, or its request is 501."""
    prefixes = "x-amz-checksum-", "x-amz-copy-source-", "x-amz-grant-", "x-amz-server-side-encryption"
    headers = {
        member.serialization["name"].lower()
        for name in MODEL.operation_names
        if name in BY_NAME and BY_NAME[name].is_served
        for member in getattr(MODEL.operation_model(name).input_shape, "members", {}).values()
        if member.serialization.get("location") == "header"
    }
    assert {name for name in headers if not name.startswith(prefixes)} == SEEN | NOT_IMPLEMENTED


@pytest.mark.parametrize("selector", ["annotations", "Tagging", "legalhold"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_subresources_of_objects_that_are_unknown(method, selector, send, client, bucket):
    """They are not the object itself; a number or a version past caches is ignored."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert send(method, bucket, selector, "k").status_code == 501
    for ignored in ("1733150000", "_=1", "v", "v=2", "x-id", "_", "response-content-type"):
        assert send(method, bucket, ignored, "k").status_code == 200, ignored


@pytest.mark.parametrize("condition", [{"Size": 1}, {"LastModifiedTime": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_conditions_of_deletions_that_are_not_implemented(condition, client, bucket):
    """DeleteObjects with conditions of directory buckets deletes nothing."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError, match="NotImplemented"):
        client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", **condition}]})
    client.head_object(Bucket=bucket, Key="k")


def test_buckets_of_another_namespace(client):
    """A bucket is of the global one, or it is 501 and not made."""

    def add(request, **_):
        request.headers["x-amz-bucket-namespace"] = "account-regional"

    client.meta.events.register("before-sign.s3.CreateBucket", add)
    try:
        with pytest.raises(ClientError, match="NotImplemented"):
            client.create_bucket(Bucket="of-an-account")
    finally:
        client.meta.events.unregister("before-sign.s3.CreateBucket", add)
    assert "of-an-account" not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
