"""``s3``: an S3 on its own, with control, and the environment of a command beside it."""

from __future__ import annotations

import base64
import json
import signal
import ssl
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from urllib.parse import urlsplit

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from contract_first.cli.s3 import variables_of
from contract_first.cli.tree import app
from contract_first.mock.s3.server import S3Mock, s3_mock
from strict_s3.messages.operations import NAMES

COMMAND = [sys.executable, "-m", "contract_first", "s3"]
PORTS = ["--port", "0", "--control-port", "0"]
CHILD = """
import os, boto3, json
client = boto3.client("s3")
client.put_object(Bucket=os.environ["S3_BUCKET"], Key="k", Body=b"x")
names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
print(json.dumps([names, os.environ.get("AWS_PROFILE"), os.environ["AWS_REGION"]]))
"""


@pytest.fixture(scope="module")
def running():
    """Run S3 with two buckets, for everyone and every page, over TLS."""
    arguments = ["--bucket", "photos", "-b", "more", "--cors", "--public", "--tls", "--json"]
    arguments += ["--account", "111122223333", "--credential", "AKIDOFTESTS:the-key-of-tests"]
    arguments += ["--event-webhook", "jobs=http://127.0.0.1:9/jobs"]
    with subprocess.Popen([*COMMAND, *PORTS, *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""


@pytest.fixture
def client(running):
    """Return a boto3 client that makes one attempt."""
    return boto3.client(
        "s3",
        endpoint_url=running["s3"],
        aws_access_key_id=running["access_key"],
        aws_secret_access_key=running["secret_key"],
        region_name=running["region"],
        verify=running["ca"],
        config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )


@pytest.fixture
def control(running):
    """Return a client of the control API, which is as it began."""
    context = ssl.create_default_context(cafile=running["ca"])
    with httpx2.Client(base_url=running["control"], verify=context, timeout=60, trust_env=False) as client:
        client.post("/state/reset", json={}).raise_for_status()
        yield client


def test_buckets_and_objects(running, client, control):
    """The buckets are there; everyone reads their objects, and pages of every origin do."""
    assert running["buckets"] == ["photos", "more"]
    assert running["access_key"] == "AKIDOFTESTS"
    client.put_object(Bucket="more", Key="a/b", Body=b"content")
    context = ssl.create_default_context(cafile=running["ca"])
    response = httpx2.get(
        f"{running['s3']}/more/a/b", verify=context, headers={"Origin": "https://page.test"}
    )
    assert response.text == "content"
    assert response.headers["access-control-allow-origin"] == "*"
    assert control.get("/state").json()["buckets"] == [
        {"name": "photos", "objects": 0, "bytes": 0},
        {"name": "more", "objects": 1, "bytes": 7},
    ]
    assert control.get("/seeds").json()["s3"] == running["s3"]
    assert client.head_bucket(Bucket="more", ExpectedBucketOwner="111122223333")


def test_faults_and_journal(client, control):
    """Faults and journal are those of the mocks' control API; a reset clears them."""
    fault = {"on": "s3", "match": {"operation": "PutObject"}, "effect": {"s3_code": "SlowDown"}, "times": 1}
    assert control.post("/faults", json=fault).status_code == 201
    with pytest.raises(ClientError, match="SlowDown"):
        client.put_object(Bucket="photos", Key="k", Body=b"x")
    client.put_object(Bucket="photos", Key="k", Body=b"x")
    recorded = control.get("/journal", params={"count": 2, "wait_seconds": 5, "server": "s3"}).json()[
        "exchanges"
    ]
    assert [(each["operation"], each["status"]) for each in recorded] == [
        ("PutObject", 503),
        ("PutObject", 200),
    ]
    control.post("/state/reset", json={})
    assert control.get("/journal", params={"server": "s3"}).json()["exchanges"] == []


def test_each_operation_has_faults(client, control):
    """A fault may name each of S3's operations, and applies to that one."""
    for name in NAMES:
        fault = {"on": "s3", "match": {"operation": name}, "effect": {"s3_code": "SlowDown"}, "times": 1}
        assert control.post("/faults", json=fault).status_code == 201
    photo, more = {"Bucket": "photos", "Key": "k"}, {"Bucket": "more"}
    for call in (
        partial(client.get_object_tagging, **photo),
        partial(client.copy_object, **photo, CopySource="photos/k"),
        partial(client.upload_part_copy, **photo, CopySource="photos/k", UploadId="u", PartNumber=1),
        partial(client.get_bucket_lifecycle_configuration, **more),
        partial(client.list_bucket_metrics_configurations, **more),
        partial(client.get_bucket_metrics_configuration, **more, Id="m"),
        partial(client.list_objects_v2, **more),
        client.list_buckets,
    ):
        with pytest.raises(ClientError, match="SlowDown"):
            call()
    recorded = control.get("/journal", params={"count": 8, "wait_seconds": 5, "server": "s3"}).json()
    assert [each["operation"] for each in recorded["exchanges"]] == [
        "GetObjectTagging",
        "CopyObject",
        "UploadPartCopy",
        "GetBucketLifecycleConfiguration",
        "ListBucketMetricsConfigurations",
        "GetBucketMetricsConfiguration",
        "ListObjectsV2",
        "ListBuckets",
    ]
    unknown = {"on": "s3", "match": {"operation": "GetObjects"}, "effect": {"status": 500}}
    assert control.post("/faults", json=unknown).status_code == 422
    control.post("/state/reset", json={}).raise_for_status()


def test_destinations_of_events(client):
    """Those of --event-webhook are accepted, and no others."""
    for name, is_there in (("jobs", True), ("others", False)):
        rule = {"QueueArn": f"arn:aws:sqs:us-west-2:111122223333:{name}", "Events": ["s3:ObjectCreated:*"]}
        with nullcontext() if is_there else pytest.raises(ClientError, match="InvalidArgument"):
            client.put_bucket_notification_configuration(
                Bucket="more", NotificationConfiguration={"QueueConfigurations": [rule]}
            )


def test_clock_and_snapshots(running, client, control):
    """The clock is S3's, and a snapshot brings objects back."""
    client.put_object(Bucket="photos", Key="k", Body=b"x")
    control.post("/state/snapshot", json={"name": "one"}).raise_for_status()
    client.delete_object(Bucket="photos", Key="k")
    control.post("/state/restore", json={"name": "one"}).raise_for_status()
    assert client.get_object(Bucket="photos", Key="k")["Body"].read() == b"x"
    url = client.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "k"}, ExpiresIn=60)
    context = ssl.create_default_context(cafile=running["ca"])
    assert httpx2.get(url, verify=context).status_code == 200
    control.post("/clock", json={"advance_seconds": 3600}).raise_for_status()
    assert httpx2.get(url, verify=context).status_code == 403


def test_others_have_no_control(running, control):
    """Who calls it by another name is refused control; the certificate is for everyone."""
    headers = {"Host": f"evil.test:{urlsplit(running['control']).port}"}
    assert control.get("/state", headers=headers).status_code == 403
    assert control.get("/ca.pem", headers=headers).status_code == 200


def test_a_command_beside_it(tmp_path, monkeypatch):
    """boto3 in the command needs no more than its environment, which has no profile of the user's."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    faults = tmp_path / "faults.json"
    faults.write_text("[]")
    command = [*COMMAND, "exec", "--bucket", "photos", "--region", "eu-central-1", "--faults", str(faults)]
    done = subprocess.run(  # noqa: S603 -- our own
        [*command, "--data", str(tmp_path / "data"), "--", sys.executable, "-c", CHILD],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [["photos"], None, "eu-central-1"]
    assert done.stderr == ""
    assert [*(tmp_path / "data" / "s3" / "photos" / "objects").glob("*.bin")]


def test_variables():
    """Credentials, region and URL are AWS's own variables; those that would lead elsewhere are removed."""
    mock = S3Mock(
        s3="http://h:1",
        buckets=("b",),
        region="r",
        access_key="A",
        secret_key="s",
        control="http://h:2/_mock",
    )
    variables = variables_of(mock)
    assert variables["AWS_ENDPOINT_URL_S3"] == "http://h:1"
    assert (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) == ("A", "s")
    assert (variables["S3_BUCKET"], variables["CONTROL_URL"]) == ("b", "http://h:2/_mock")
    assert variables["AWS_PROFILE"] is None
    assert "AWS_CA_BUNDLE" not in variables


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--credential", "secret"], "--credential"),
        (["--account", "me"], "'me' is not an AWS account ID"),
        (["--control-token", ""], "The control token is empty"),
        (["--json", "exec", "--", "true"], "exec leaves the output"),
    ],
)
def test_wrong_options(arguments, message):
    """What cannot be done is refused with 2, and without the secret."""
    result = CliRunner().invoke(app, ["s3", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert message in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize("name", ["Photos", "a", "xn--photos", "192.168.0.1"])
def test_a_bucket_that_cannot_be(name):
    """What is no name of a bucket is said in a sentence."""
    result = CliRunner().invoke(app, ["s3", "--bucket", name, "--port", "0", "--control-port", "0"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"Cannot start: {name!r} is not a bucket's name" in result.stderr


def test_a_port_that_is_taken(running):
    """A taken port is named with its option."""
    port = str(urlsplit(running["s3"]).port)
    result = CliRunner().invoke(app, ["s3", "--port", port, "--control-port", "0", "--json"])
    assert result.exit_code == 2
    assert f"port {port} (--port): Address already in use" in result.stderr


def test_the_certificates_of_both_servers_are_for_their_address():
    """Who reaches S3 by an address of this machine reaches its control API, and the CA there, by it too."""
    with s3_mock(host="127.0.0.2", tls=True) as mock:
        context = ssl.create_default_context(cafile=mock.ca)
        for url in (mock.s3, f"{mock.control}/ca.pem"):
            assert httpx2.get(url, verify=context, trust_env=False, timeout=60).status_code < 500


def test_the_control_port_has_nothing_else(caplog):
    """A path beside the control API is a problem that says where that is, and no failure in the log."""
    with s3_mock() as mock:
        response = httpx2.get(mock.control.removesuffix("/_mock") + "/health", timeout=60)
        assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")
        assert "/_mock/" in response.json()["detail"]
    assert all(record.levelname == "INFO" for record in caplog.records)


def test_events_are_in_the_journal():
    """An event for a webhook is recorded with what was sent, also if nobody receives it."""
    hooks = {"photos": "http://127.0.0.1:9/hook"}
    with s3_mock(event_webhooks=hooks) as mock:
        keys = {"aws_access_key_id": mock.access_key, "aws_secret_access_key": "secret-key"}
        client = boto3.client("s3", endpoint_url=mock.s3, region_name=mock.region, **keys)
        rule = {"QueueArn": "arn:aws:sqs:us-west-2:1:photos", "Events": ["s3:ObjectCreated:*"]}
        client.put_bucket_notification_configuration(
            Bucket="uploads", NotificationConfiguration={"QueueConfigurations": [rule]}
        )
        query = {"operation": "EventNotification", "count": 1, "wait_seconds": 30}
        exchange, *_ = httpx2.get(f"{mock.control}/journal", params=query, timeout=60).json()["exchanges"]
    assert (exchange["url"], exchange["status"]) == (hooks["photos"], 0)
    assert json.loads(base64.b64decode(exchange["request"]["body"]))["Event"] == "s3:TestEvent"
