"""The mock differs from the real things where docs/limits.md says so, and as it says."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from botocore.exceptions import ClientError

from scanner_api.scanning.catalogue.products import shipped_products
from scanner_contract import load_contract
from scanner_mocks import scanner_mock, seeds
from scanner_mocks.bucket.aws_session import aws_session

LIMITS = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
UNKNOWN_GTIN = "00000000000017"


@pytest.fixture
def api(mock):
    """Return a client of the API with the mock's key."""
    headers = {"X-API-Key": mock.api_key}
    with httpx2.Client(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def s3(mock):
    """Return boto3's client of S3."""
    return aws_session().client("s3", endpoint_url=mock.s3)


def test_each_limit_has_a_test():
    """Each entry of the lists has a test of its name here."""
    entries = re.findall(r"^- \*\*(.*?)\*\*", LIMITS, re.MULTILINE)
    named = {f"test_{entry.lower().replace(' ', '_')}" for entry in entries}
    assert "test_skew" in named
    assert named - globals().keys() == set()


def test_credentials(mock):
    """The credentials are those that the package publishes."""
    assert (mock.api_key, mock.sessionid, mock.bearer_token) == (
        seeds.ACTIVE_KEY,
        seeds.COOKIE,
        seeds.BEARER_TOKEN,
    )
    assert "NotASecret" in mock.api_key


def test_organizations(mock):
    """There are two organizations."""
    seeded = httpx2.get(f"{mock.control}/seeds", trust_env=False).json()
    assert seeded["organizations"] == [seeds.ORGANIZATION, seeds.OTHER_ORGANIZATION]


def test_cors(mock):
    """A page of any origin may send what it likes to the API, and a form to the bucket."""
    page = "https://app.example"
    asks = {
        "Origin": page,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "baggage,sentry-trace,x-csrf-token",
    }
    for url, origin in ((f"{mock.api}/scanner/api/v1/sessions", page), (f"{mock.s3}/{mock.bucket}", "*")):
        response = httpx2.options(url, headers=asks, trust_env=False)
        assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin)
    for fault in ({}, {"X-Mock-Fault": "status=503"}):
        url, headers = f"{mock.api}/scanner/api/v1/sessions", {"Origin": page, **fault}
        response = httpx2.get(url, headers=headers, trust_env=False)
        assert response.headers["Access-Control-Allow-Origin"] == page
        assert response.headers["Access-Control-Allow-Credentials"] == "true"


def test_phones(mock):
    """The API does not speak TLS."""
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(mock.api.replace("http:", "https:"), trust_env=False)


def test_preferences(mock, api):
    """A preference or a fault in a header brings a response that is not its own."""
    real = f"/sessions/{mock.session_id}/photos"
    for path, headers in (
        (real, {"Prefer": "code=429"}),
        (real, {"X-Mock-Fault": "status=429"}),
    ):
        assert api.get(path, headers=headers).status_code == 429


def test_processing(mock, api):
    """While the mock's time stands still a barcode comes to its end."""
    scan = {"session_short_id": mock.session_id, "capture_type": "BARCODE", "raw_value": UNKNOWN_GTIN}
    with httpx2.Client(base_url=mock.control, trust_env=False) as control:
        try:
            control.post("/clock", json={"freeze": True}).raise_for_status()
            capture = api.post("/captures", json=scan).raise_for_status().json()
            while capture["status"] != "NOT_FOUND":
                capture = api.get(f"/captures/{capture['id']}").raise_for_status().json()
            clock = control.get("/clock").raise_for_status().json()
        finally:
            control.post("/clock", json={"reset": True}).raise_for_status()
    assert clock["frozen"]


def test_catalogue(mock, api):
    """The package ships so many products, and a valid GTIN that is none of theirs is not found."""
    assert f"{len(list(shipped_products()))} products" in LIMITS
    scan = {"session_short_id": mock.session_id, "capture_type": "BARCODE", "raw_value": UNKNOWN_GTIN}
    capture = api.post("/captures", json=scan).raise_for_status().json()
    while capture["status"] not in {"NOT_FOUND", "COMPLETED", "FAILED"}:
        capture = api.get(f"/captures/{capture['id']}").raise_for_status().json()
    assert capture["status"] == "NOT_FOUND"


def test_links(api):
    """A URL of another host is not followed, not even looked up."""
    seen = api.post("/resolve-url", json={"url": "https://example.com/"}).raise_for_status().json()
    assert (seen["succeeded"], seen["chain"]) == (False, [])
    assert "may not be called" in seen["error_message"]


def test_extraction():
    """Without an extractor nothing is read in photos, and the session is ready all the same."""
    with scanner_mock(extractor="none") as mock:
        headers = {"X-API-Key": mock.api_key}
        with httpx2.Client(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False) as api:
            session = api.post("/sessions", json={}).raise_for_status().json()["id"]
            api.post(f"/sessions/{session}/submit").raise_for_status()
            status = {}
            while status.get("extraction_status") != "ready":
                status = api.get(f"/sessions/{session}/status").raise_for_status().json()
            assert api.get(f"/sessions/{session}/captures").json()["data"] == []


def test_lists_and_bulk(mock):
    """What is our reading of the prose is marked, and the vendor's own operations are not."""
    paths = httpx2.get(f"{mock.api}/openapi.json", trust_env=False).json()["paths"]
    marked = {
        operation["operationId"]
        for item in paths.values()
        for operation in item.values()
        if isinstance(operation, dict) and operation.get("x-provenance") == "extension"
    }
    vendors = {each.operation_id for each in load_contract(extensions=False).operations}
    assert marked
    assert marked == {each.operation_id for each in load_contract().operations} - vendors


def test_what_the_reference_leaves_open():
    """The decisions are where the list says."""
    pages = (Path(__file__).parents[2] / "docs" / "decisions").glob("*.md")
    assert sum(page.read_text().count("\n- ") for page in pages) > 20


def test_storage(tmp_path):
    """Without a folder the next start knows nothing of the last; with one it does."""
    for folder, expected in ((None, 404), (tmp_path, 200)):
        with scanner_mock(data=folder) as mock:
            url, headers = f"{mock.api}/scanner/api/v1/sessions", {"X-API-Key": mock.api_key}
            session = httpx2.post(url, json={}, headers=headers, trust_env=False).json()["id"]
        with scanner_mock(data=folder) as mock:
            url = f"{mock.api}/scanner/api/v1/sessions/{session}"
            assert httpx2.get(url, headers=headers, trust_env=False).status_code == expected


def test_transport(mock):
    """S3 and the API speak plain HTTP."""
    assert mock.s3.startswith("http://127.0.0.1:")
    assert mock.api.startswith("http://127.0.0.1:")


def test_addresses(mock, api):
    """Uploads go to a path, and a bucket's name is looked for in the hosts of this machine alone."""
    asked = {"photo_type": "front", "original_filename": "can.jpg"}
    upload = api.get(f"/sessions/{mock.session_id}/presigned-upload-url", params=asked).json()
    assert upload["upload_url"] == f"{mock.s3}/{mock.bucket}"
    codes = [
        httpx2.post(f"{mock.s3}/", headers={"Host": f"{mock.bucket}.{host}"}, trust_env=False).status_code
        for host in ("localhost", "s3.us-west-2.amazonaws.com")
    ]
    assert codes == [412, 403]


def test_locations(mock):
    """A bucket that is made without a location is where the request is signed for."""
    elsewhere = aws_session().client("s3", endpoint_url=mock.s3, region_name="eu-west-1")
    elsewhere.create_bucket(Bucket="in-eu-west-1")
    location = elsewhere.get_bucket_location(Bucket="in-eu-west-1")["LocationConstraint"]
    elsewhere.delete_bucket(Bucket="in-eu-west-1")
    assert location == "eu-west-1"


def test_versions(tmp_path):
    """The versions of an object are kept, and are there after a restart."""
    counts = []
    for _ in range(2):
        with scanner_mock(data=tmp_path) as mock:
            s3 = aws_session().client("s3", endpoint_url=mock.s3)
            if not counts:
                enabled = {"Status": "Enabled"}
                s3.put_bucket_versioning(Bucket=mock.bucket, VersioningConfiguration=enabled)
                s3.put_object(Bucket=mock.bucket, Key="photo", Body=b"first")
                s3.put_object(Bucket=mock.bucket, Key="photo", Body=b"newest")
            counts.append(len(s3.list_object_versions(Bucket=mock.bucket)["Versions"]))
            assert s3.get_object(Bucket=mock.bucket, Key="photo")["Body"].read() == b"newest"
    assert counts == [2, 2]


def test_identities(s3):
    """The one credential may make a bucket and take it away, with nobody having allowed it."""
    s3.create_bucket(Bucket="of-anyone", CreateBucketConfiguration={"LocationConstraint": seeds.REGION})
    assert "of-anyone" in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    s3.delete_bucket(Bucket="of-anyone")
    assert "of-anyone" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def test_public_access_block(mock, s3):
    """A new bucket shows the block, and a public policy holds all the same."""
    s3.create_bucket(Bucket="shown", CreateBucketConfiguration={"LocationConstraint": seeds.REGION})
    block = s3.get_public_access_block(Bucket="shown")["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"]
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shown/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket="shown", Policy=json.dumps(policy))
    s3.put_object(Bucket="shown", Key="public", Body=b"here")
    assert httpx2.get(f"{mock.s3}/shown/public", trust_env=False).content == b"here"
    s3.delete_object(Bucket="shown", Key="public")
    s3.delete_bucket(Bucket="shown")


def test_pages(mock, s3):
    """An object that is a page runs nothing."""
    s3.put_object(Bucket=mock.bucket, Key="page.html", Body=b"<script></script>", ContentType="text/html")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": mock.bucket, "Key": "page.html"})
    headers = httpx2.get(url, headers={"User-Agent": "Mozilla/5.0"}, trust_env=False).headers
    assert (headers["content-security-policy"], headers["x-content-type-options"]) == ("sandbox", "nosniff")


def test_encryption(mock, s3):
    """The encryption that was asked for is reported, and the object reads without it."""
    s3.put_object(Bucket=mock.bucket, Key="limits/encrypted", Body=b"plain", ServerSideEncryption="AES256")
    stored = s3.get_object(Bucket=mock.bucket, Key="limits/encrypted")
    assert (stored["ServerSideEncryption"], stored["Body"].read()) == ("AES256", b"plain")


def test_conditions_of_bucket_policies(mock, s3):
    """Conditions on a header and an address count; one on an unknown key neither allows nor denies."""
    s3.create_bucket(Bucket="conditions", CreateBucketConfiguration={"LocationConstraint": seeds.REGION})
    s3.put_object(Bucket="conditions", Key="page", Body=b"here")
    conditions = (
        {"StringLike": {"aws:Referer": "http://a.test/*"}},
        {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
        {"StringLike": {"aws:PrincipalOrgID": "*"}},
    )
    seen = []
    for condition in conditions:
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::conditions/*",
            "Condition": condition,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="conditions", Policy=json.dumps(policy))
        seen += [
            httpx2.get(f"{mock.s3}/conditions/page", headers=headers, trust_env=False).status_code
            for headers in ({"Referer": "http://a.test/x"}, {})
        ]
    s3.delete_object(Bucket="conditions", Key="page")
    s3.delete_bucket(Bucket="conditions")
    assert seen == [200, 403, 200, 200, 403, 403]


def test_lifecycle(s3):
    """A rule says when an object expires, and the object is there after that."""
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": "2020-01-01"}}
    s3.create_bucket(Bucket="lifecycle", CreateBucketConfiguration={"LocationConstraint": seeds.REGION})
    s3.put_bucket_lifecycle_configuration(Bucket="lifecycle", LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="lifecycle", Key="old", Body=b"here")
    found = s3.get_object(Bucket="lifecycle", Key="old")
    assert "2020" in found["Expiration"]
    assert found["Body"].read() == b"here"
    s3.delete_object(Bucket="lifecycle", Key="old")
    s3.delete_bucket(Bucket="lifecycle")


def test_storage_classes(mock, s3):
    """An object of GLACIER_IR is reported as one; one that would have to be restored is refused."""
    s3.put_object(Bucket=mock.bucket, Key="limits/cold", Body=b"here", StorageClass="GLACIER_IR")
    stored = s3.get_object(Bucket=mock.bucket, Key="limits/cold")
    assert (stored["StorageClass"], stored["Body"].read()) == ("GLACIER_IR", b"here")
    for name in ("GLACIER", "DEEP_ARCHIVE"):
        with pytest.raises(ClientError, match="NotImplemented"):
            s3.put_object(Bucket=mock.bucket, Key="limits/frozen", Body=b"here", StorageClass=name)


def test_checksums(mock, s3):
    """A checksum of SHA-512 is compared; one of XXHASH is refused as what is not there."""
    request = {"Bucket": mock.bucket, "Key": "limits/summed", "Body": b"here"}
    assert s3.put_object(**request, ChecksumAlgorithm="SHA512")["ChecksumSHA512"]
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_object(**request, ChecksumXXHASH64="AAAAAAAAAAA=")


def test_select(mock, s3):
    """Queries over objects are refused as what is not there."""
    s3.put_object(Bucket=mock.bucket, Key="limits/table", Body=b"a,b")
    query = {"Expression": "select * from s3object", "ExpressionType": "SQL"}
    formats = {"InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}}}
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.select_object_content(Bucket=mock.bucket, Key="limits/table", **query, **formats)


def test_configurations(mock, s3):
    """Metrics are stored, shown and removed; metadata tables are refused as what is not there."""
    metrics = {"Id": "all"}
    s3.put_bucket_metrics_configuration(Bucket=mock.bucket, Id="all", MetricsConfiguration=metrics)
    assert (
        s3.get_bucket_metrics_configuration(Bucket=mock.bucket, Id="all")["MetricsConfiguration"] == metrics
    )
    s3.delete_bucket_metrics_configuration(Bucket=mock.bucket, Id="all")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        s3.get_bucket_metrics_configuration(Bucket=mock.bucket, Id="all")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.delete_bucket_metadata_table_configuration(Bucket=mock.bucket)
    s3.head_bucket(Bucket=mock.bucket)


def test_events(mock, s3):
    """Without a webhook every destination of events is refused, as one that does not exist."""
    queue = {"QueueArn": "arn:aws:sqs:us-west-2:123456789012:jobs", "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.put_bucket_notification_configuration(
            Bucket=mock.bucket, NotificationConfiguration={"QueueConfigurations": [queue]}
        )


def test_requester_pays(mock, s3):
    """The owner of a bucket pays, and nobody else."""
    s3.put_bucket_request_payment(Bucket=mock.bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_bucket_request_payment(Bucket=mock.bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=mock.bucket)["Payer"] == "BucketOwner"


def test_skew(mock, s3):
    """An hour later by the mock's clock, a request that is signed by the machine's is still good."""
    with httpx2.Client(base_url=mock.control, trust_env=False) as control:
        try:
            control.post("/clock", json={"advance_seconds": 3_600}).raise_for_status()
            assert s3.list_buckets()["Buckets"]
        finally:
            control.post("/clock", json={"reset": True}).raise_for_status()
