"""Faults on a running S3: what they do, which requests they hit, and how its exchanges get into a journal."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
import msgspec
import pytest
from botocore.config import Config

from contract_first.masking import Masking
from contract_first.mock.journal.recording import s3_exchange
from contract_first.mock.rule import Rule
from strict_s3 import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a-secret-key"


@pytest.fixture(scope="module")
def exchanges() -> queue.Queue[dict[str, Any]]:
    """Return the exchanges that S3 has reported."""
    return queue.Queue()


@pytest.fixture(scope="module")
def running(exchanges: queue.Queue[dict[str, Any]]) -> Iterator[Server]:
    """Run an S3 that tells of its exchanges."""
    with Server(
        "photos",
        credentials={"AK": SECRET},
        cors=True,
        faults="contract_first.mock.s3.faults:S3Faults",
        on_exchange=exchanges.put,
    ) as server:
        yield server


@pytest.fixture
def s3(running: Server) -> Iterator[Server]:
    """Return the server as it began."""
    running.reset()
    yield running
    running.set_faults([])


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


def switch(s3: Server, *faults: dict[str, Any], seed: int = 0) -> None:
    """Switch these faults on, each with an id, as their owner does."""
    given = [{"id": f"fault-{number}", "on": "s3", **fault} for number, fault in enumerate(faults)]
    s3.set_faults(msgspec.convert(given, list[Rule]), seed=seed)


def test_faults_refuse(s3, photos):
    """A fault responds with its error, as often as it is to, and with CORS headers for a page to read it."""
    effect = {"s3_code": "SlowDown", "retry_after_seconds": 3}
    switch(s3, {"match": {"method": "POST", "path": "/photos"}, "effect": effect, "times": 2})
    responses = [upload(photos, Origin="https://app.test") for _ in range(3)]
    assert [(response.status_code, code(response)) for response in responses] == [
        (503, "SlowDown"), (503, "SlowDown"), (204, ""),
    ]  # fmt: skip
    assert responses[0].headers["Access-Control-Allow-Origin"] == "*"
    assert responses[0].headers["Retry-After"] == "3"


@pytest.mark.parametrize(
    ("effect", "recorded"),
    [
        ({"status": 403}, (403, "AccessDenied")),
        ({"status": 502}, (502, "InternalError")),
        ({"s3_code": "NoSuchKey"}, (404, "NoSuchKey")),
        ({"s3_code": "KMS.DisabledException", "status": 400}, (400, "KMS.DisabledException")),
        ({"clock_skew_seconds": 7200}, (403, "AccessDenied")),
        ({"latency_ms": 1}, (204, "")),
    ],
)
def test_kinds_of_faults(effect, recorded, s3, photos):
    """S3 responds with the code of the status, or the status of the code; of a policy, that it expired."""
    switch(s3, {"effect": effect, "times": 1})
    response = upload(photos)
    assert (response.status_code, code(response)) == recorded
    assert ("Policy expired" in response.text) == ("clock_skew_seconds" in effect)
    assert upload(photos).status_code == 204


@pytest.mark.parametrize(
    "match",
    [
        {"method": "POST"},
        {"path": "/photos"},
        {"operation": "PostObject"},
        {"key": "a/*/b?.png"},
        {"key": "a/*", "operation": "PostObject"},
    ],
)
def test_faults_hit_what_they_are_for(match, s3, photos):
    """A fault applies to the requests that are all it asks for, a form by its key too, and no others."""
    switch(s3, {"match": match, "effect": {"status": 500}})
    assert upload(photos, "a/7/b1.png").status_code == 500
    other = httpx2.get(photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "x/8"}))
    assert code(other) == "NoSuchKey"


@pytest.mark.parametrize(
    "match",
    [{"method": "GET"}, {"path": "/other/*"}, {"operation": "PutObject"}, {"key": "b/*"}],
)
def test_faults_spare_what_they_are_not_for(match, s3, photos):
    """A form that is not all of what a fault asks for goes through."""
    switch(s3, {"match": match, "effect": {"status": 500}})
    assert upload(photos, "a/7/b1.png").status_code == 204


def test_faults_of_a_scope(s3, photos):
    """A fault with a scope applies to the requests that name it."""
    switch(s3, {"scope": "run-1", "effect": {"status": 500}})
    assert upload(photos).status_code == 204
    assert upload(photos, **{"X-Mock-Scope": "run-2"}).status_code == 204
    assert upload(photos, **{"X-Mock-Scope": "run-1"}).status_code == 500


def test_faults_that_stay_count_on(s3, photos):
    """Another fault that is switched on does not reset the counts of the first."""
    first = {"skip": 1, "times": 1, "effect": {"status": 500}}
    switch(s3, first)
    assert upload(photos).status_code == 204
    switch(s3, first, {"match": {"method": "GET"}, "effect": {"status": 500}})
    assert upload(photos).status_code == 500
    assert upload(photos).status_code == 204


def test_faults_drop(s3, photos, exchanges):
    """A fault may close the connection without a response, which is reported as such."""
    switch(s3, {"effect": {"drop": True}, "times": 1})
    with pytest.raises(httpx2.RemoteProtocolError):
        upload(photos)
    assert upload(photos).status_code == 204
    while (recorded := exchanges.get(timeout=30))["fault"] != "fault-0" or recorded["response"]["status"]:
        pass


def test_faults_drop_responses(s3, photos):
    """A fault may close the connection of an upload that is stored."""
    switch(s3, {"effect": {"drop_response": True}, "times": 1})
    with pytest.raises(httpx2.RemoteProtocolError):
        upload(photos, content=b"stored")
    assert photos.get_object(Bucket="photos", Key="k")["Body"].read() == b"stored"


def test_faults_delay(s3, photos):
    """A fault may hold back the response, and slow down the upload."""
    switch(
        s3,
        {"effect": {"latency_ms": 300}, "times": 1},
        {"effect": {"bytes_per_second": 4000}, "times": 1},
        {"match": {"key": "k"}, "effect": {"bytes_per_second": 100_000}, "times": 1},
    )
    for content in (b"abc", b"abc", b"x" * 60_000):
        start = time.monotonic()
        assert upload(photos, content=content).status_code == 204
        assert time.monotonic() - start > 0.25


def test_faults_by_chance_are_repeatable(s3, photos):
    """The same faults switched on again apply to the same requests; with another seed, others."""
    runs = []
    for seed in (1, 1, 2):
        switch(s3, {"probability": 0.5, "effect": {"status": 500}}, seed=seed)
        runs.append([upload(photos).status_code for _ in range(12)])
        switch(s3)
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {204, 500}


def test_faults_that_are_none(s3, photos):
    """What is no fault is refused, and S3 goes on."""
    with pytest.raises(RuntimeError, match="colour"):
        s3._order("set_faults", faults=[{"effect": {}, "colour": "red"}], seed=0)
    assert upload(photos).status_code == 204


def test_exchanges_are_dated_when_they_began(photos, exchanges):
    """However late a journal hears of an exchange, it began when its request came."""
    before = time.time()
    upload(photos, "dated")
    after = time.time()
    while ["key", "dated"] not in (recorded := exchanges.get(timeout=10))["request"]["fields"]:
        pass
    started = s3_exchange(recorded, Masking()).started.timestamp()
    assert before <= started <= after - recorded["seconds"]


def test_an_upload_asks_for_a_fault(photos):
    """What uploads may ask for a fault in its header, and learns what is none."""
    refused = upload(photos, **{"X-Mock-Fault": "s3_code=SlowDown; retry_after_seconds=2"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    wrong = upload(photos, **{"X-Mock-Fault": "error_code=x"})
    assert wrong.status_code == 400
    assert "/error_code: applies to faults on api only" in wrong.text
    assert upload(photos).status_code == 204
