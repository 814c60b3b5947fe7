"""What a parent may have a running S3 do: another time, a fresh start, and tell what it was asked."""

from __future__ import annotations

import queue
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from strict_s3 import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a-secret-key"
TOKEN = "a session/token"


@pytest.fixture(scope="module")
def exchanges() -> queue.Queue[dict[str, Any]]:
    """Return the exchanges that S3 has reported."""
    return queue.Queue()


@pytest.fixture(scope="module")
def running(exchanges: queue.Queue[dict[str, Any]], tmp_path_factory: Any) -> Iterator[Server]:
    """Run an S3 that tells of its exchanges."""
    folder = tmp_path_factory.mktemp("s3") / "data"
    with Server(
        "photos",
        credentials={"AK": SECRET, "TEMPORARY": f"{SECRET}:{TOKEN}"},
        cors=True,
        data=folder,
        on_exchange=exchanges.put,
    ) as server:
        yield server


@pytest.fixture
def s3(running: Server) -> Iterator[Server]:
    """Return the server as it began."""
    running.reset()
    yield running
    running.set_clock(None)


@pytest.fixture
def photos(s3: Server) -> Any:
    """Return a client of S3."""
    return boto3.client(
        "s3", endpoint_url=s3.url, region_name=s3.region, aws_access_key_id="AK",
        aws_secret_access_key=SECRET, config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )  # fmt: skip


def upload(photos: Any, key: str = "k", content: bytes = b"abc", **headers: str) -> httpx2.Response:
    """Upload a file with a presigned POST."""
    presigned = photos.generate_presigned_post("photos", key)
    return httpx2.post(
        presigned["url"], data=presigned["fields"], files={"file": ("a.png", content)}, headers=headers
    )


def code(response: httpx2.Response) -> str:
    """Return the code of an error document, or nothing."""
    return response.text.partition("<Code>")[2].partition("</Code>")[0]


def test_time_goes_on_from_where_it_is_set(s3, photos):
    """A policy expires when S3's clock says so, though the machine's clock does not."""
    assert upload(photos).status_code == 204
    s3.set_clock(datetime.now(UTC) + timedelta(hours=2))
    assert "Policy expired" in upload(photos).text
    s3.set_clock(None)
    assert upload(photos).status_code == 204


def test_time_may_stand_still(s3, photos):
    """With a stopped clock a presigned URL is expired exactly then, or not at all."""
    url = photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "k"}, ExpiresIn=60)
    signed = datetime.strptime(httpx2.URL(url).params["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    for seconds, expected in ((59, "NoSuchKey"), (60, "AccessDenied")):
        s3.set_clock(signed + timedelta(seconds=seconds), stopped=True)
        assert code(httpx2.get(url)) == expected


def test_reset(s3, photos):
    """After a reset there is the one bucket, without objects, with its rules."""
    upload(photos)
    photos.create_bucket(Bucket="another")
    photos.delete_bucket_cors(Bucket="photos")
    s3.reset()
    assert [bucket["Name"] for bucket in photos.list_buckets()["Buckets"]] == ["photos"]
    assert photos.list_objects_v2(Bucket="photos")["KeyCount"] == 0
    assert photos.get_bucket_cors(Bucket="photos")["CORSRules"][0]["AllowedOrigins"] == ["*"]


def test_snapshot_and_restore(s3, photos, tmp_path_factory):
    """A snapshot is what restore brings back, as often as it is asked to, whatever happened since."""
    folder = tmp_path_factory.mktemp("snapshots") / "one"
    upload(photos, "before")
    s3.snapshot(folder)
    for _ in range(2):
        photos.delete_object(Bucket="photos", Key="before")
        upload(photos, "after")
        s3.restore(folder)
        listed = [one["Key"] for one in photos.list_objects_v2(Bucket="photos")["Contents"]]
        assert listed == ["before"]
        assert photos.get_object(Bucket="photos", Key="before")["Body"].read() == b"abc"
    with pytest.raises(RuntimeError, match="FileExistsError"):
        s3.snapshot(folder)


def test_a_bucket_by_itself(s3, photos, tmp_path_factory):
    """One bucket is reset, saved and restored alone, and the others without it; it has a clock of its own."""
    folder = tmp_path_factory.mktemp("snapshots")
    s3.create_bucket("apart")
    s3.set_clock(datetime.now(UTC) + timedelta(hours=2), bucket="apart")

    def put(bucket: str) -> str:
        form = photos.generate_presigned_post(bucket, "k")
        return code(httpx2.post(form["url"], data=form["fields"], files={"file": ("a.png", b"abc")}))

    assert (put("photos"), put("apart")) == ("", "AccessDenied")
    s3.set_clock(None, bucket="apart")
    assert put("apart") == ""
    s3.snapshot(folder / "apart", only="apart")
    s3.snapshot(folder / "others", apart=["apart"])
    s3.reset(apart=["apart"])
    assert (s3.usage("photos"), s3.usage("apart")) == ((0, 0), (1, 3))
    s3.drop_bucket("apart")
    s3.restore(folder / "others", apart=["apart"])
    assert (s3.usage("photos"), s3.usage("apart")) == ((1, 3), (0, 0))
    s3.reset()
    s3.restore(folder / "apart", only="apart")
    assert (s3.usage("photos"), s3.usage("apart")) == ((0, 0), (1, 3))
    assert photos.get_object(Bucket="apart", Key="k")["Body"].read() == b"abc"


def test_exchanges_are_reported(s3, photos, exchanges):
    """Every exchange is reported: request, form fields, response and error code, without what is secret."""
    upload(photos, "told")
    while ["key", "told"] not in (recorded := exchanges.get(timeout=10))["request"]["fields"]:
        pass
    request, response = recorded["request"], recorded["response"]
    fields = dict(request["fields"])
    assert (request["bucket"], fields["key"], request["url"]) == ("photos", "told", f"{s3.url}/photos")
    assert (response["status"], response["code"]) == (204, "")
    assert fields["x-amz-signature"] == "***"
    assert recorded["seconds"] > 0
    url = photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "none"})
    httpx2.get(url, headers={"Cookie": "a=b"})
    recorded = exchanges.get(timeout=10)
    assert (recorded["response"]["code"], recorded["response"]["message"]) == (
        "NoSuchKey",
        "The specified key does not exist.",
    )
    assert dict(recorded["request"]["headers"])["cookie"] == "***"
    assert httpx2.URL(url).params["X-Amz-Signature"] not in str(recorded)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("presigned", [True, False])
def test_secrets_in_refusals_are_masked(presigned, version, s3, exchanges):
    """S3 repeats the token and the signature, which is right for another method: they are not reported."""
    client = boto3.client(
        "s3", endpoint_url=s3.url, region_name=s3.region, aws_access_key_id="TEMPORARY",
        aws_secret_access_key=SECRET if presigned else "wrong", aws_session_token=TOKEN,
        config=Config(signature_version=version),
    )  # fmt: skip
    signature = ""
    if presigned:
        url = client.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "k"})
        repeated = httpx2.delete(url).text
        assert (quote(TOKEN, safe="") if version == "s3v4" else TOKEN) in repeated
        parameters = httpx2.URL(url).params
        signature = parameters.get("X-Amz-Signature") or parameters["Signature"]
        assert signature in repeated
    else:
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client.list_buckets()
    while (recorded := exchanges.get(timeout=10))["response"]["code"] != "SignatureDoesNotMatch":
        pass
    assert "<StringToSign>" in recorded["response"]["body"]
    assert "<SignatureProvided>***</SignatureProvided>" in recorded["response"]["body"]
    assert not signature or signature not in unquote(str(recorded))
    for spelling in (TOKEN, quote(TOKEN, safe="")):
        assert spelling not in str(recorded)
        assert spelling.encode().hex(" ") not in str(recorded)


def test_targets_that_are_not_utf_8(s3, exchanges):
    """A target that is not UTF-8 is refused so that a page sees why, and reported like any other."""
    response = httpx2.get(f"{s3.url}/photos/gr%FCn.jpg?prefix=%FC", headers={"Origin": "https://app.test"})
    assert (response.status_code, "<Code>InvalidURI</Code>" in response.text) == (400, True)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    while (recorded := exchanges.get(timeout=10))["response"]["code"] != "InvalidURI":
        pass
    assert recorded["request"]["key"] == "gr\N{REPLACEMENT CHARACTER}n.jpg"


def test_orders_need_a_process():
    """An order to a server that was not started is refused in words."""
    server = Server("photos", credentials={"AK": SECRET})
    with pytest.raises(RuntimeError, match="call start"):
        server.reset()
