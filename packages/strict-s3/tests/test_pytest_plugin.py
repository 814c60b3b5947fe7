"""The fixtures of the plugin, in a pytest of their own with two workers."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from strict_s3 import Server

TESTS = """
import os, boto3, pytest

@pytest.mark.parametrize("number", range(2))
def test_bucket(number, s3_bucket, worker_id):
    client = boto3.client("s3")
    assert client.list_objects_v2(Bucket=s3_bucket)["KeyCount"] == 0
    client.put_object(Bucket=s3_bucket, Key="k", Body=b"x")
    with open(f"{os.environ['SEEN']}/{s3_bucket}", "w") as file:
        file.write(f"{worker_id} {client.meta.endpoint_url}")
"""


def test_a_bucket_for_each_test_and_an_s3_for_each_worker(tmp_path, monkeypatch):
    """Buckets are new, and workers share no S3; AWS's clients find it by the environment alone."""
    (tmp_path / "test_buckets.py").write_text(TESTS)
    (seen := tmp_path / "seen").mkdir()
    monkeypatch.setenv("SEEN", str(seen))
    monkeypatch.setenv("AWS_PROFILE", "none")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = {point.value for point in entry_points(group="pytest11")}
    assert "strict_s3.pytest_plugin" in plugins
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "each", "-p", "no:cacheprovider"]
    done = subprocess.run(  # noqa: S603 -- our own
        [*command, "-p", "xdist", "-p", "strict_s3.pytest_plugin", "-c", "/dev/null", "test_buckets.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    places = [file.read_text().split() for file in seen.iterdir()]
    assert len(places) == 4
    assert len({tuple(place) for place in places}) == len({url for _, url in places}) == 2


def test_a_bucket_that_cannot_be(server: Server):
    """S3's refusal is the error, and the process goes on."""
    for name in ("the-photos", "A"):
        with pytest.raises(RuntimeError, match="S3Error"):
            server.create_bucket(name)
    assert server.usage("the-photos")[0] >= 0
