"""Signature Version 2, with which boto3 presigns by default, and where S3 refuses it."""

from __future__ import annotations

import base64
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import httpx2
import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from strict_s3 import Server

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "photos/ünï cöde+%2F&=?#.png"
ELSEWHERE = "eu-central-1"
REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
    "us-gov-west-1",
)
KMS = {"x-amz-server-side-encryption": "aws:kms"}
ONLY_VERSION_4 = (
    400,
    "InvalidRequest",
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    {},
)
NEEDS_VERSION_4 = (
    400,
    "InvalidArgument",
    "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
    {"ArgumentName": "Authorization", "ArgumentValue": "null"},
)
ONE_MECHANISM = (
    400,
    "InvalidArgument",
    (
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
        "parameter or the Authorization header should be specified"
    ),
    {"ArgumentName": "Authorization"},
)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)


def missing(field: str) -> tuple[Any, ...]:
    """Return the refusal of a form without a field."""
    message = f"Bucket POST must contain a field named '{field}'.  If it is specified, please check the order"
    return 400, "InvalidArgument", f"{message} of the fields.", {"ArgumentName": field, "ArgumentValue": ""}


@pytest.fixture(scope="module")
def old(server: Server, keys: Any) -> Callable[..., Any]:
    """Make clients that presign as boto3 does by default."""

    def old(region: str = keys.region, url: str = server.url, **config: Any) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=keys.access,
            aws_secret_access_key=keys.secret,
            **({"config": Config(**config)} if config else {}),
        )

    return old


@pytest.fixture(scope="module")
def place(client: Any, keys: Any) -> str:
    """Return the name of a bucket with an object ``k``."""
    name = f"old-{uuid4().hex}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": keys.region})
    client.put_object(Bucket=name, Key="k", Body=b"0123456789")
    return name


@pytest.fixture(scope="module")
def frankfurt(connect: Callable[..., Any]) -> str:
    """Return the name of a bucket in a region that refuses Version 2."""
    name = f"new-{uuid4().hex}"
    where = {"LocationConstraint": ELSEWHERE}
    connect(region=ELSEWHERE).create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return name


def test_presigned_urls_by_default(old, client, place):
    """URLs that boto3 presigns by default put, get and delete, with what they sign stored."""
    boto, params = old(), {"Bucket": place, "Key": KEY}
    attributes = {"ContentType": "image/png", "Metadata": {"a": "b"}, "ACL": "private"}
    put = boto.generate_presigned_url("put_object", {**params, **attributes})
    assert "Signature=" in put
    assert "X-Amz" not in put
    headers = {"Content-Type": "image/png", "x-amz-meta-a": "b", "x-amz-acl": "private"}
    assert [httpx2.put(put, content=b"x", headers=sent).status_code for sent in ({}, headers)] == [200, 200]
    disposition = 'attachment; filename="a b.png"'
    get = boto.generate_presigned_url("get_object", {**params, "ResponseContentDisposition": disposition})
    got = httpx2.get(f"{get}&unknown=1&x-mock-unwatched=1", headers={"Range": "bytes=0-0", "If-Match": "*"})
    assert (got.status_code, got.content) == (206, b"x")
    stored = [
        got.headers.get(name) for name in ("Content-Type", "x-amz-meta-a", "Content-Disposition", "Expires")
    ]
    assert stored == ["image/png", "b", disposition, None]
    upload = client.create_multipart_upload(**params)["UploadId"]
    part = boto.generate_presigned_url("upload_part", {**params, "UploadId": upload, "PartNumber": 1})
    etag = httpx2.put(part, content=b"y").headers["ETag"]
    client.complete_multipart_upload(
        **params, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    assert client.get_object(**params)["Body"].read() == b"y"
    assert httpx2.delete(boto.generate_presigned_url("delete_object", params)).status_code == 204
    assert httpx2.get(get).status_code == 404
    new = boto.generate_presigned_url("create_bucket", {"Bucket": f"{place}-2"})
    assert httpx2.put(new).status_code == 200  # the signature's own parameters are not the operation's
    assert (
        httpx2.delete(boto.generate_presigned_url("delete_bucket", {"Bucket": f"{place}-2"})).status_code
        == 204
    )
    far = boto.generate_presigned_url("get_object", {**params, "Key": "k"}, ExpiresIn=10**9)
    assert httpx2.get(far).status_code == 200


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_presigned_posts_by_default(case, old, client, place):
    """A form that boto3 presigns by default uploads, in any case of its names."""
    fields = {"Content-Type": "image/png", "x-amz-meta-a": "b"}
    conditions = [{name: value} for name, value in fields.items()]
    form = old().generate_presigned_post(place, "posted", fields, conditions)
    assert {"AWSAccessKeyId", "policy", "signature"} < form["fields"].keys()
    data = {case(name): value for name, value in form["fields"].items()}
    assert httpx2.post(form["url"], data=data, files={"file": b"y"}).status_code == 204
    got = client.get_object(Bucket=place, Key="posted")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"y", "image/png", {"a": "b"})


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_authorization_headers(style, old, server, place):
    """Authorization headers sign buckets, objects and subresources, in both styles."""
    boto = old(signature_version="s3", s3={"addressing_style": style}, retries={"max_attempts": 0})
    proxy = server.url.replace("127.0.0.1", "localhost")
    host = f"{place}.localhost:{proxy.rpartition(':')[2]}"
    kept: list[str] = []

    def send(request: Any, **_: Any) -> None:
        """Send to an address what was signed for a name that a resolver may not have."""
        kept.append(request.url)
        if style == "virtual":
            request.url = request.url.replace(host, server.url.removeprefix("http://"))
            request.headers["Host"] = host

    if style == "virtual":
        boto = old(url=proxy, signature_version="s3", s3={"addressing_style": style})
    boto.meta.events.register("before-send.s3", send)
    boto.put_object(Bucket=place, Key=KEY, Body=b"x", Metadata={"a": "b"}, Tagging="t=1")
    assert boto.get_object(Bucket=place, Key=KEY)["Metadata"] == {"a": "b"}
    assert boto.get_object_tagging(Bucket=place, Key=KEY)["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert boto.list_objects_v2(Bucket=place, Prefix="photos/")["KeyCount"] == 1
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    boto.put_bucket_cors(Bucket=place, CORSConfiguration={"CORSRules": [rule]})
    boto.delete_bucket_cors(Bucket=place)
    boto.delete_object(Bucket=place, Key=KEY)
    assert all((host in url) == (style == "virtual") for url in kept)


@pytest.fixture
def by_header(keys: Any, server: Server) -> Callable[..., httpx2.Response]:
    """Send a request that a header signs, changed once it is signed."""

    def send(
        target: str,
        method: str = "GET",
        further: str = "",
        headers: dict[str, str] | None = None,
        **changed: str,
    ) -> httpx2.Response:
        request = AWSRequest(method, f"{server.url}/{target}", headers or {})
        HmacV1Auth(Credentials(keys.access, keys.secret)).add_auth(request)
        signed = {**dict(request.headers), **changed}
        return httpx2.request(method, request.url + further, headers=signed)

    return send


def test_headers_and_queries_are_no_substitutes(old, keys, server, place, error):
    """A presigned URL that expired is no header, and a header's date cannot be moved to the query."""
    url = httpx2.URL(old().generate_presigned_url("get_object", {"Bucket": place, "Key": "k"}, ExpiresIn=-9))
    now = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT"
    target = f"{server.url}/{place}/k"
    headers = {"Authorization": f"AWS {keys.access}:{url.params['Signature']}", "Date": now}
    replayed = httpx2.get(f"{target}?Expires={url.params['Expires']}", headers=headers)
    assert error(replayed)["Code"] == "SignatureDoesNotMatch"
    text = f"GET\n\n\n\nx-amz-date:{now}\n/{place}/k"
    digest = hmac.digest(keys.secret.encode(), text.encode(), "sha1")
    authorization = {"Authorization": f"AWS {keys.access}:{base64.b64encode(digest).decode()}"}
    assert httpx2.get(target, headers={**authorization, "x-amz-date": now}).status_code == 200
    moved = httpx2.get(target, params={"x-amz-date": now}, headers={**authorization, "Date": now})
    assert error(moved)["Code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        (
            {"Authorization": "AWS AKIA"},
            (
                400,
                "InvalidArgument",
                "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            ),
        ),
        (
            {"Date": "yesterday"},
            (403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
        ),
        (
            {"Date": "Fri, 31 Dec 9999 23:59:59 -2300"},
            (403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
        ),
        (
            {"Date": "Thu, 01 Jan 2015 00:00:00 GMT"},
            (
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
        ),
        ({"x-amz-meta-a": "b"}, (403, "SignatureDoesNotMatch", MISMATCH)),
        (
            {"Authorization": "AWS AKIB:c2ln"},
            (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        ),
    ],
)
def test_authorization_headers_that_are_refused(headers, refusal, by_header, place, error):
    """A header without a signature, a time or what it signed is refused."""
    response = by_header(f"{place}/k", **headers)
    elements = error(response)
    assert (response.status_code, elements["Code"], elements["Message"]) == refusal


def test_bodies_of_digests(by_header, place, error):
    """Content-MD5 is signed, and Range is not."""
    md5 = {"Content-MD5": "XrY7u+Ae7tCTyyK7j1rNww=="}
    assert (
        error(by_header(f"{place}/k", headers=md5, **{"Content-MD5": "x"}))["Code"] == "SignatureDoesNotMatch"
    )
    assert by_header(f"{place}/k", Range="bytes=0-1").content == b"01"


SPOILT: dict[str, tuple[Callable[[httpx2.URL], Any], tuple[int, str, str, dict[str, str | None]]]] = {
    "wrong signature": (
        lambda url: url.copy_set_param("Signature", "c2ln"),
        (403, "SignatureDoesNotMatch", MISMATCH, {"SignatureProvided": "c2ln", "CanonicalRequest": None}),
    ),
    "other object": (
        lambda url: str(url).replace("/k?", "/l?"), (403, "SignatureDoesNotMatch", MISMATCH, {}),
    ),
    "further response parameter": (
        lambda url: url.copy_set_param("response-content-type", "a/b"),
        (403, "SignatureDoesNotMatch", MISMATCH, {}),
    ),
    "further subresource": (
        lambda url: url.copy_set_param("acl", ""), (403, "SignatureDoesNotMatch", MISMATCH, {}),
    ),
    "further header in the query": (
        lambda url: url.copy_set_param("x-amz-acl", "private"), (403, "SignatureDoesNotMatch", MISMATCH, {}),
    ),
    "unknown key": (
        lambda url: url.copy_set_param("AWSAccessKeyId", "AKIB"),
        (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.",
         {"AWSAccessKeyId": "AKIB"}),
    ),
    "no number": (
        lambda url: url.copy_set_param("Expires", "soon"),
        (403, "AccessDenied", "Invalid date (should be seconds since epoch): soon", {}),
    ),
    "time in milliseconds": (
        lambda url: url.copy_set_param("Expires", "1796638670000"),
        (403, "AccessDenied", "Invalid date (should be seconds since epoch): 1796638670000", {}),
    ),
    "expired": (
        lambda url: url.copy_set_param("Expires", "1"),
        (403, "AccessDenied", "Request has expired",
         {"Expires": "1970-01-01T00:00:01Z", "X-Amz-Expires": None}),
    ),
    **{
        f"no {name}": (
            lambda url, name=name: url.copy_remove_param(name),
            (403, "AccessDenied",
             "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters", {}),
        )
        for name in ("AWSAccessKeyId", "Signature", "Expires")
    },
    "both versions": (lambda url: url.copy_set_param("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ONE_MECHANISM),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "refusal"), SPOILT.values(), ids=SPOILT)
def test_presigned_urls_that_are_refused(spoil, refusal, old, place, error):
    """A URL that was changed, or has expired, is refused in S3's words."""
    url = old().generate_presigned_url("get_object", {"Bucket": place, "Key": "k"})
    assert_refused(httpx2.get(spoil(httpx2.URL(url))), refusal, error)


def assert_refused(response: httpx2.Response, refusal: tuple[Any, ...], error: Callable[..., Any]) -> None:
    """Compare status, code, message and further elements."""
    elements = error(response)
    status, code, message, further = refusal
    assert (response.status_code, elements["Code"], elements["Message"]) == (status, code, message)
    assert {name: elements.get(name) for name in further} == further
    if message == "Request has expired":
        assert elements["ServerTime"] > "2026"


def test_changed_requests(old, keys, place, error):
    """A URL is good for its method and the headers that it signs, and with no other signature."""
    url = old().generate_presigned_url(
        "put_object", {"Bucket": place, "Key": "changed", "ContentType": "a/b"}
    )
    elements = error(httpx2.get(url))
    text = elements["StringToSign"]
    assert text.startswith("GET\n\na/b\n")
    assert elements["AWSAccessKeyId"] == keys.access
    assert bytes.fromhex(elements["StringToSignBytes"]).decode() == text
    mismatch = (403, "SignatureDoesNotMatch", MISMATCH, {})
    rows = [
        ({"x-amz-meta-a": "b"}, mismatch),
        ({"Content-Type": "c/d"}, mismatch),
        ({"Content-MD5": "XrY7u+Ae7tCTyyK7j1rNww=="}, mismatch),
        ({"Authorization": "AWS a:b"}, ONE_MECHANISM),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=a"}, ONE_MECHANISM),
    ]
    for headers, refusal in rows:
        assert_refused(httpx2.put(url, content=b"x", headers=headers), refusal, error)


def test_keys_of_kms(old, client, keys, by_header, error):
    """Objects with keys of KMS want Version 4: by request, by the bucket's default, and to read them."""
    bucket = f"kms-{uuid4().hex}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": keys.region})
    client.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    upload = client.create_multipart_upload(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms")[
        "UploadId"
    ]
    boto, params = old(), {"Bucket": bucket, "Key": "k"}
    part = {**params, "UploadId": upload, "PartNumber": 1}
    form = boto.generate_presigned_post(bucket, "k", KMS, [KMS])
    asked = [
        httpx2.get(boto.generate_presigned_url("get_object", params)),
        httpx2.put(boto.generate_presigned_url("upload_part", part), content=b"y"),
        httpx2.put(
            boto.generate_presigned_url("put_object", {**params, "ServerSideEncryption": "aws:kms"}),
            content=b"y",
        ),
        by_header(f"{bucket}/k?uploads", "POST", headers=KMS),
        by_header(f"{bucket}/l", "PUT", headers={**KMS, "x-amz-copy-source": f"{bucket}/k"}),
        httpx2.post(form["url"], data=form["fields"], files={"file": b"y"}),
    ]
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    asked.append(httpx2.put(boto.generate_presigned_url("put_object", params), content=b"y"))
    for response in asked:
        assert_refused(response, NEEDS_VERSION_4, error)
    aes = boto.generate_presigned_url("put_object", {**params, "ServerSideEncryption": "AES256"})
    assert httpx2.put(aes, content=b"z").status_code == 200
    assert client.list_parts(**params, UploadId=upload).get("Parts", []) == []


def test_forms_that_are_refused(old, client, place, frankfurt, error):
    """A form without a field, or with one that its policy does not have, is refused."""
    form = old().generate_presigned_post(place, "refused")
    extra = (403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-meta-a", {})
    mismatch = (403, "SignatureDoesNotMatch", MISMATCH, {"StringToSign": form["fields"]["policy"]})
    unknown = "The AWS Access Key Id you provided does not exist in our records."
    rows = [
        ({"AWSAccessKeyId": None}, missing("AWSAccessKeyId")),
        ({"signature": None}, missing("Signature")),
        ({"policy": None}, missing("Policy")),
        ({"AWSAccessKeyId": "AKIB"}, (403, "InvalidAccessKeyId", unknown, {})),
        ({"signature": "c2ln"}, mismatch),
        ({"x-amz-meta-a": "b"}, extra),
    ]
    for changed, refusal in rows:
        fields = {name: text for name, text in {**form["fields"], **changed}.items() if text is not None}
        assert_refused(httpx2.post(form["url"], data=fields, files={"file": b"y"}), refusal, error)
    both = {**form["fields"], "x-amz-signature": "0"}
    assert_refused(
        httpx2.post(form["url"], data=both, files={"file": b"y"}), missing("X-Amz-Algorithm"), error
    )
    with suppress(ClientError):
        client.head_object(Bucket=place, Key="refused")
        pytest.fail("a form that is refused stores nothing")
    late = old().generate_presigned_post(place, "k", ExpiresIn=-1)
    expired = (403, "AccessDenied", "Invalid according to Policy: Policy expired.", {})
    assert_refused(httpx2.post(late["url"], data=late["fields"], files={"file": b"y"}), expired, error)
    abroad = old().generate_presigned_post(frankfurt, "k")
    posted = httpx2.post(abroad["url"], data=abroad["fields"], files={"file": b"y"})
    assert_refused(posted, ONLY_VERSION_4, error)


def test_other_regions(old, by_header, server, frankfurt, error):
    """In a region that came after 2013, only Version 4 is taken; STS takes nothing else anywhere."""
    refused = [
        httpx2.get(old().generate_presigned_url("get_object", {"Bucket": frankfurt, "Key": "k"})),
        httpx2.get(f"{server.url}/{frankfurt}/k?Signature=b"),
        by_header(f"{frankfurt}/k"),
    ]
    for response in refused:
        assert_refused(response, ONLY_VERSION_4, error)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "AWS a:b"}
    sts = httpx2.post(server.url, content="Action=GetCallerIdentity", headers=form)
    assert (sts.status_code, "Please use AWS4-HMAC-SHA256" in sts.text) == (400, True)


def test_regions(old, connect, error):
    """Each of the nine regions takes it."""
    for region in REGIONS:
        bucket = f"{region}-{uuid4().hex}"
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        connect(region=region).create_bucket(Bucket=bucket, **where)
        url = old(region).generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
        assert "AWSAccessKeyId" in url
        assert error(httpx2.get(url))["Code"] == "NoSuchKey"


def test_policies_name_the_version(old, connect, client, place):
    """A bucket policy that denies ``s3:signatureversion`` ``AWS`` leaves Version 4."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{place}/denied",
        "Condition": {"StringEquals": {"s3:signatureversion": "AWS"}},
    }
    params = {"Bucket": place, "Key": "denied"}
    client.put_object(**params, Body=b"x")
    client.put_bucket_policy(
        Bucket=place, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    by_version = [boto.generate_presigned_url("get_object", params) for boto in (old(), connect())]
    assert [httpx2.get(url).status_code for url in by_version] == [403, 200]
    client.delete_bucket_policy(Bucket=place)


def test_temporary_credentials(keys, server, place, error):
    """The token of a temporary credential is in the query, and is compared."""
    for token, codes in (("a-session-token", "NoSuchKey"), ("another", "InvalidToken")):
        request = AWSRequest("GET", f"{server.url}/{place}/none")
        HmacV1QueryAuth(Credentials(keys.temporary, keys.secret, token)).add_auth(request)
        assert error(httpx2.get(request.url))["Code"] == codes
