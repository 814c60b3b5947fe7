"""Faults on a running S3 that only the Scanner's mock has: of a session, and of expired uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import httpx2
import msgspec
import pytest
from botocore.config import Config

from scanner_mocks.faults import ScannerRule
from strict_s3 import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a-secret-key"


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    """Run an S3."""
    faults = "scanner_mocks.faults:ScannerS3Faults"
    with Server("photos", credentials={"AK": SECRET}, cors=True, faults=faults) as server:
        yield server


@pytest.fixture(scope="module")
def photos(s3: Server) -> Any:
    """Return a client of S3."""
    return boto3.client(
        "s3", endpoint_url=s3.url, region_name=s3.region, aws_access_key_id="AK",
        aws_secret_access_key=SECRET, config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )  # fmt: skip


def upload(photos: Any, key: str = "k") -> httpx2.Response:
    """Upload a file with a presigned POST."""
    presigned = photos.generate_presigned_post("photos", key)
    return httpx2.post(presigned["url"], data=presigned["fields"], files={"file": ("a.png", b"abc")})


def switch(s3: Server, fault: dict[str, Any]) -> None:
    """Switch a fault on."""
    s3.set_faults(msgspec.convert([{"id": "fault-0", "on": "s3", **fault}], list[ScannerRule]), seed=0)


def test_an_upload_that_has_expired(s3, photos):
    """S3 says of a policy that it has expired, as often as the fault is to."""
    switch(s3, {"effect": {"expired_upload": True}, "times": 1})
    response = upload(photos)
    assert response.status_code == 403
    assert "<Code>AccessDenied</Code>" in response.text
    assert "Policy expired" in response.text
    assert upload(photos).status_code == 204


@pytest.mark.parametrize(
    "match", [{"session": "7"}, {"key": "a/*", "session": "7", "operation": "PostObject"}]
)
def test_faults_hit_what_they_are_for(match, s3, photos):
    """A fault of a session applies to the forms whose key mentions it, and to no other request."""
    switch(s3, {"match": match, "effect": {"status": 500}})
    assert upload(photos, "a/7/b1.png").status_code == 500
    other = httpx2.get(photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "x/8"}))
    assert "<Code>NoSuchKey</Code>" in other.text


def test_faults_spare_what_they_are_not_for(s3, photos):
    """A form that is not of the session goes through."""
    switch(s3, {"match": {"session": "a/7"}, "effect": {"status": 500}})
    assert upload(photos, "a/7/b1.png").status_code == 204
