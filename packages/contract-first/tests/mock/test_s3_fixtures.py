"""The fixtures of the plugin: an S3 that each test finds as it began, by the environment alone."""

from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from contract_first.mock import pytest_plugin
from contract_first.mock.s3.fixture import faults_of


@pytest.fixture(scope="session")
def s3_buckets():
    """Return the buckets of this session."""
    return ("uploads", "photos")


@pytest.fixture
def client(s3_server):  # noqa: ARG001 -- it sets the environment
    """Return a client that knows S3 by its environment, and asks once."""
    return boto3.client("s3", config=Config(retries={"max_attempts": 0}))


@pytest.mark.parametrize("again", [False, True])
def test_each_test_finds_it_as_it_began(again, client, s3_server, s3_calls):  # noqa: ARG001 -- a second test
    """What a test before stored, called and set is gone; the buckets are there."""
    assert client.list_objects_v2(Bucket="photos")["KeyCount"] == 0
    assert {one["Name"] for one in client.list_buckets()["Buckets"]} == set(s3_server.buckets)
    client.put_object(Bucket="photos", Key="k", Body=b"x")
    (call,) = s3_calls.assert_called(operation="PutObject", times=1)
    assert (call.status, call.server) == (200, "s3")


@pytest.mark.s3_fault(key="slow/*", s3_code="SlowDown", times=1)
def test_a_marked_test_has_a_fault(client, s3_calls):
    """A fault of the marker applies to the requests that it matches, as often as it says."""
    client.put_object(Bucket="uploads", Key="fast", Body=b"x")
    with pytest.raises(ClientError, match="SlowDown"):
        client.put_object(Bucket="uploads", Key="slow/1", Body=b"x")
    client.put_object(Bucket="uploads", Key="slow/1", Body=b"x")
    calls = s3_calls.assert_called(operation="PutObject", times=3, within=10)
    assert [call.status for call in calls] == [200, 503, 200]


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (pytest.mark.s3_fault(503), "takes fields by their names"),
        (pytest.mark.s3_fault(status=503, tims=1), "tims"),
    ],
)
def test_markers_that_are_no_faults(marker, message):
    """A marker with what no fault has fails its test, and says what."""
    with pytest.raises(pytest.fail.Exception, match=message):
        next(faults_of(SimpleNamespace(iter_markers=lambda _: [marker.mark]), pytest_plugin.MARKER))


def test_a_marker_without_the_fixture(request):
    """A marker on a test that does not use S3 would do nothing, and fails it."""
    request.node.add_marker(pytest.mark.s3_fault(status=503))
    with pytest.raises(pytest.fail.Exception, match="none of its fixtures uses s3_server"):
        pytest_plugin.pytest_runtest_setup(request.node)
