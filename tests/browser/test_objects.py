"""The objects of an S3 in its console, in a real browser at the width of a phone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import boto3
import httpx2
import pytest

pytestmark = pytest.mark.programs


@pytest.fixture(scope="module")
def running():
    """Run an S3 with control, of which no bucket allows pages anything."""
    command = [sys.executable, "-m", "contract_first", "s3", "--port", "0", "--control-port", "0", "--json"]
    options = ["--bucket", "photos", "--bucket", "more"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="module")
def seen(running, drive, tmp_path_factory):
    """Return what was seen."""
    client = boto3.client(
        "s3", endpoint_url=running["s3"], region_name=running["region"],
        aws_access_key_id=running["access_key"], aws_secret_access_key="secret-key",
    )  # fmt: skip
    client.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    client.delete_bucket(Bucket="more")
    for body in (b"first", b"second one"):
        client.put_object(Bucket="photos", Key="a/one.txt", Body=body, Tagging="colour=red")
    file = tmp_path_factory.mktemp("files") / "photo ü.txt"
    file.write_text("what a photo")
    places = {"CONTROL": running["control"], "S3": running["s3"], "FILE": str(file)}
    return drive("console", "objects.js", SCREENSHOTS=os.environ.get("OBJECTS_PICTURES", ""), **places)


def test_buckets_and_objects_are_listed(seen):
    """Also where no CORS rule allows it: the page has signed URLs."""
    assert seen["buckets"] == ["photos"]
    assert seen["listed"] == ["up/photo ü.txt"]


def test_a_file_goes_up_and_comes_down(seen):
    """What was uploaded is downloaded, under its name."""
    assert (seen["downloaded"], seen["name"]) == ("what a photo", "photo ü.txt")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which is not on this machine")
def test_a_presigned_url_is_copied(seen):
    """The copied command works in a shell."""
    done = subprocess.run(seen["curl"], shell=True, capture_output=True, check=True)  # noqa: S602 -- as it is pasted
    assert done.stdout == b"what a photo"


def test_versions_and_tags_are_shown(seen):
    """Each version has its id, size and a download."""
    tags, latest, first = seen["details"]
    assert tags == "Tags: colour=red"
    assert re.search(r"10 B, .*latest", latest)
    assert "5 B" in first


def test_the_page_is_usable_on_a_phone(seen):
    """Nothing is wider than the screen, and neither axe-core nor the browser complains."""
    assert (seen["overflow"], seen["axe"], seen["complaints"]) == (0, [], [])


def test_a_page_without_a_signed_url_reads_nothing(seen):
    """The mark of the console's requests alone opens nothing to pages."""
    assert seen["unsigned"] == "refused"


def test_what_the_page_does_is_in_no_journal(running, seen):
    """Its requests to S3 are not recorded."""
    assert seen["listed"]
    journal = httpx2.get(f"{running['control']}/journal", timeout=60).json()["exchanges"]
    assert not [
        exchange
        for exchange in journal
        if "X-Amz-Signature" in exchange["url"] and "unwatched" in exchange["url"]
    ]


@pytest.mark.parametrize(
    "change", [{"endpoint": "ftp://x"}, {"expires_seconds": 0}, {"method": "PATCH"}, {"colour": 1}]
)
def test_what_cannot_be_signed(change, running):
    """The control API refuses what is no request to S3."""
    body = {"endpoint": running["s3"], "bucket": "photos"} | change
    assert httpx2.post(f"{running['control']}/s3/presigned", json=body, timeout=60).status_code == 422
