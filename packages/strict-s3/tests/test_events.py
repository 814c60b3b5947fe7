"""Events: what a bucket's configuration asks for reaches its webhook, in order, and nothing else does."""

from __future__ import annotations

import json
import queue
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
import pytest
from botocore.config import Config

from strict_s3 import Server
from strict_s3.app import create_app
from strict_s3.cli import main
from strict_s3.http import webhooks
from strict_s3.http.webhooks import Webhook
from strict_s3.messages.orders import Order
from strict_s3.options import Options

from .conftest import refusal_of, response_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUEUE, FUNCTION = "arn:aws:sqs:us-west-2:123456789012:uploads", "arn:aws:lambda:us-west-2:1:function:uploads"
CREATED = ["s3:ObjectCreated:*"]


class Receiver(ThreadingHTTPServer):
    """Receives documents; responds with the next of its statuses, at last with 200.

    Attributes:
        documents: what came, in order.
        statuses: of the next responses.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.documents: queue.Queue[dict[str, Any]] = queue.Queue()
        self.statuses: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}/events"

    def records(self, count: int) -> list[tuple[str, str, dict[str, Any]]]:
        """Return name, key and object of the next events."""
        records = [self.documents.get(timeout=30)["Records"][0] for _ in range(count)]
        return [(one["eventName"], one["s3"]["object"]["key"], one["s3"]["object"]) for one in records]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.documents.put(document)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Receive events."""
    with Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
        yield receiver
        receiver.shutdown()


@pytest.fixture(scope="module")
def exchanges() -> queue.Queue[dict[str, Any]]:
    """Return what S3 reports of deliveries."""
    return queue.Queue()


@pytest.fixture(scope="module")
def server(receiver: Receiver, exchanges: queue.Queue[dict[str, Any]]) -> Iterator[Server]:
    """Run an S3 whose events go to the receiver."""

    def report(exchange: dict[str, Any]) -> None:
        if exchange["operation"] == "EventNotification":
            exchanges.put(exchange)

    hooks = {"uploads": receiver.url}
    with Server("photos", event_webhooks=hooks, on_exchange=report) as server:
        yield server


@pytest.fixture
def client(server: Server, receiver: Receiver, exchanges: queue.Queue[dict[str, Any]]) -> Any:
    """Return a client of the S3, which is empty."""
    server.reset()
    while not receiver.documents.empty():
        receiver.documents.get()
    while not exchanges.empty():
        exchanges.get()
    keys = {"aws_access_key_id": "ACCESSKEY", "aws_secret_access_key": "secret-key"}
    config = Config(signature_version="s3v4")
    return boto3.client("s3", endpoint_url=server.url, region_name="us-east-1", config=config, **keys)


@pytest.fixture
def notify(client: Any, receiver: Receiver) -> Callable[..., None]:
    """Configure the bucket to send events, and receive the test event."""

    def notify(events: list[str], **filters: str) -> None:
        rules = [{"Name": name, "Value": value} for name, value in filters.items()]
        filter_ = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
        rule = {"Id": "mine", "QueueArn": QUEUE, "Events": events, **filter_}
        client.put_bucket_notification_configuration(
            Bucket="photos", NotificationConfiguration={"QueueConfigurations": [rule]}
        )
        test = receiver.documents.get(timeout=30)
        assert (test["Event"], test["Bucket"], len(test["RequestId"])) == ("s3:TestEvent", "photos", 16)

    return notify


def test_every_way_to_change_an_object(client, notify, receiver):
    """Each change is an event with S3's name, and with what S3 says of the object."""
    notify(["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"])
    client.put_bucket_ownership_controls(
        Bucket="photos", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    about = {"Bucket": "photos", "Key": "a b/ä.png"}
    put = client.put_object(**about, Body=b"cat")
    client.copy_object(Bucket="photos", Key="copy", CopySource=about)
    form = client.generate_presigned_post(Bucket="photos", Key="form")
    assert httpx2.post(form["url"], data=form["fields"], files={"file": b"x"}).status_code == 204
    upload = client.create_multipart_upload(Bucket="photos", Key="parts")
    part = {"Bucket": "photos", "Key": "parts", "UploadId": upload["UploadId"]}
    etag = client.upload_part(**part, PartNumber=1, Body=b"x")["ETag"]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    client.put_object_tagging(**about, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    client.delete_object_tagging(**about)
    client.put_object_acl(**about, ACL="public-read")
    client.delete_object(**about)
    client.delete_object(**about)  # it was not there: no event
    client.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "copy"}, {"Key": "none"}]})
    client.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket="photos", Key="v", Body=b"12")["VersionId"]
    marker = client.delete_object(Bucket="photos", Key="v")["VersionId"]
    client.delete_object(Bucket="photos", Key="v", VersionId=version)
    client.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Suspended"})
    client.delete_object(Bucket="photos", Key="form")
    events = receiver.records(13)
    assert [event[:2] for event in events] == [
        ("ObjectCreated:Put", "a+b/%C3%A4.png"),
        ("ObjectCreated:Copy", "copy"),
        ("ObjectCreated:Post", "form"),
        ("ObjectCreated:CompleteMultipartUpload", "parts"),
        ("ObjectTagging:Put", "a+b/%C3%A4.png"),
        ("ObjectTagging:Delete", "a+b/%C3%A4.png"),
        ("ObjectAcl:Put", "a+b/%C3%A4.png"),
        ("ObjectRemoved:Delete", "a+b/%C3%A4.png"),
        ("ObjectRemoved:Delete", "copy"),
        ("ObjectCreated:Put", "v"),
        ("ObjectRemoved:DeleteMarkerCreated", "v"),
        ("ObjectRemoved:Delete", "v"),
        ("ObjectRemoved:DeleteMarkerCreated", "form"),
    ]
    facts = [event[2] for event in events]
    assert (facts[0]["size"], f'"{facts[0]["eTag"]}"') == (3, put["ETag"])
    assert "size" not in facts[7]
    assert [one.get("versionId") for one in facts[8:]] == [None, version, marker, version, None]
    sequence = [one["sequencer"] for one in facts]
    assert sequence == sorted(set(sequence))
    assert receiver.documents.empty()


def test_only_what_was_asked_for(client, notify, receiver):
    """Event and filters select; a request that is refused is none, and neither is one without a rule."""
    notify(["s3:ObjectCreated:Put"], prefix="in/", suffix=".png")
    for key in ("in/a.txt", "out/a.png", "in/a.png"):
        client.put_object(Bucket="photos", Key=key, Body=b"")
    client.delete_object(Bucket="photos", Key="in/a.png")
    failed = {"Bucket": "photos", "Key": "in/b.png", "Body": b"x", "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    assert refusal_of(client.put_object, **failed) == (400, "BadDigest")
    client.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration={})
    client.put_object(Bucket="photos", Key="in/c.png", Body=b"")
    assert receiver.records(1)[0][1] == "in/a.png"
    notify(["s3:ObjectCreated:Put"])
    client.put_object(Bucket="photos", Key="last", Body=b"")
    assert receiver.records(1)[0][1] == "last"


def test_the_document(client, notify, receiver):
    """A record has every member that S3's has, and the ids of the response to the request."""
    notify(CREATED)
    put = client.put_object(Bucket="photos", Key="k", Body=b"x")["ResponseMetadata"]["HTTPHeaders"]
    record = receiver.documents.get(timeout=30)["Records"][0]
    assert record.pop("eventTime").endswith("Z")
    assert record["s3"]["object"].pop("sequencer")
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:123456789012"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": put["x-amz-request-id"], "x-amz-id-2": put["x-amz-id-2"]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "mine",
            "bucket": {
                "name": "photos",
                "ownerIdentity": {"principalId": "123456789012"},
                "arn": "arn:aws:s3:::photos",
            },
            "object": {"key": "k", "size": 1, "eTag": put["etag"].strip('"')},
        },
    }


def test_deliveries_are_repeated_and_recorded(client, notify, receiver, exchanges):
    """A failed delivery is repeated before the next event's; each attempt is in the journal."""
    notify(CREATED)
    exchanges.get(timeout=30)
    receiver.statuses[:] = [500, 302]
    for key in "ab":
        client.put_object(Bucket="photos", Key=key, Body=b"")
    assert [event[1] for event in receiver.records(2)] == ["a", "b"]
    attempts = [exchanges.get(timeout=30) for _ in range(4)]
    assert [one["response"]["status"] for one in attempts] == [500, 302, 200, 200]
    assert {one["request"]["url"] for one in attempts} == {receiver.url}
    assert '"key": "a"' in attempts[0]["request"]["body"]


def test_configurations(client):
    """A configuration is read as it was put, with IDs."""
    rules = [
        {"QueueArn": QUEUE, "Events": CREATED, "Filter": {"Key": {"FilterRules": [
            {"Name": "prefix", "Value": "a"}]}}},
        {"QueueArn": "arn:minio:sqs::uploads:webhook", "Events": ["s3:ObjectRemoved:*"]},
    ]  # fmt: skip
    functions = [{"Id": "f", "LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectAcl:Put"]}]
    configuration = {"QueueConfigurations": rules, "LambdaFunctionConfigurations": functions}
    get = client.get_bucket_notification_configuration
    assert "QueueConfigurations" not in get(Bucket="photos")
    client.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=configuration)
    stored = get(Bucket="photos")
    assert stored["LambdaFunctionConfigurations"] == functions
    queues = stored["QueueConfigurations"]
    assert all(len(one["Id"]) > 20 for one in queues)
    assert [{name: text for name, text in one.items() if name != "Id"} for one in queues] == rules


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"QueueArn": f"{QUEUE}-2", "Events": CREATED}], "Unable to validate the following destination"),
        ([{"QueueArn": "uploads", "Events": CREATED}], "Unable to validate the following destination"),
        ([{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Patch"]}], "not supported for notifications"),
        ([{"QueueArn": QUEUE, "Events": CREATED}, {"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Put"]}],
         "Configurations overlap"),
        ([{"QueueArn": QUEUE, "Events": CREATED,
           "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": x} for x in "ab"]}}}],
         "not well-formed"),
    ],
)  # fmt: skip
def test_configurations_that_are_refused(rules, message, client):
    """Another destination, an unknown event, a rule twice: as S3 refuses them, and nothing changes."""
    put = {"Bucket": "photos", "NotificationConfiguration": {"QueueConfigurations": rules}}
    assert message in response_to(client.put_bucket_notification_configuration, **put)["Error"]["Message"]
    assert "QueueConfigurations" not in client.get_bucket_notification_configuration(Bucket="photos")


def test_a_restart_sends_what_it_sent_before(receiver, tmp_path, caplog):
    """With a data folder configurations stay; without the webhook a restart says that nothing is sent."""
    rule = f"<QueueConfiguration><Queue>{QUEUE}</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
    configuration = f"<NotificationConfiguration>{rule}</NotificationConfiguration>".encode()
    order = Order("PUT", "photos", "", (("notification", ""),), body=configuration)
    for key, hooks in (("a", {"uploads": receiver.url}), ("b", {}), ("c", {"uploads": receiver.url})):
        app = create_app(Options(buckets=("photos",), data=tmp_path, no_fsync=True, event_webhooks=hooks))
        with closing(app):
            if key == "a":
                app.store.buckets.change(order)
                receiver.documents.get(timeout=30)
            with app.store.new_content("photos") as content:
                app.store.put_object(Order("PUT", "photos", key), content)
    assert [event[1] for event in receiver.records(2)] == ["a", "c"]
    assert "The notification of bucket photos is lost: Unable to validate" in caplog.text


def test_bounds(caplog, monkeypatch):
    """Nobody listens: after the last repetition an event is lost, and so is one that finds no room."""
    monkeypatch.setattr(webhooks, "PAUSES", (0.001,))
    monkeypatch.setattr(webhooks, "MOST_WAITING", 3)
    with Receiver() as gone:
        url = gone.url
    hook = Webhook("mine", f"{url}/secret")
    for number in range(50):
        hook.send({"n": number})
    hook.close()
    assert not hook._thread.is_alive()
    assert "Webhook mine: an event is lost: ConnectionRefusedError" in caplog.text
    assert "since 3 others wait" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "text", ["ftp://x", "http://user@x/", "http://x/?q=1", "a b=http://x", "http:///x", "x", "file:///etc"]
)
def test_webhooks_that_are_none(text, capsys):
    """A webhook is a name and a URL of http or https, without user and query; the text is not repeated."""
    with pytest.raises(SystemExit):
        main(["--event-webhook", text])
    message = capsys.readouterr().err
    assert "argument --event-webhook: Number 1 is not [NAME=]URL" in message
    assert text not in message.partition("Number 1")[2] or text == "x"
    with pytest.raises(ValueError, match="Number 1"):
        Options(event_webhooks={"a": text})
