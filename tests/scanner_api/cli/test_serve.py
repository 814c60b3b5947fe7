"""``scanner-api serve``, as a process: it starts, says where, ends cleanly, or says why it cannot."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.programs

COMMAND = Path(sys.executable).with_name("scanner-api")
AWS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


@pytest.fixture
def start(tmp_path):
    """Return what starts ``serve`` with a database of its own, and nothing of this machine's AWS set-up."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCANNER_"))}
    files = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    own = {"SCANNER_PORT": "0", "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db"}
    environment = {**clean, **files, **own, "AWS_EC2_METADATA_DISABLED": "true"}

    def starting(*arguments, **more):
        return subprocess.Popen(  # noqa: S603 -- the arguments are the tests' own
            [COMMAND, "serve", *arguments],
            env={**environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return starting


def outcome(process):
    """Return the exit code and what the process said of it."""
    try:
        _, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, complaints


def test_serve_answers_and_ends_cleanly(start, tmp_path):
    """It prints its URL once it answers; SIGTERM ends it with 0, and the database is closed."""
    with start(**AWS) as process:
        url = process.stdout.readline().split(" on ")[1].split()[0]
        assert httpx.get(f"{url}/healthz").json() == {"status": "alive"}
        assert httpx.get(f"{url}/scanner/api/v1/sessions/x").status_code == 401
        process.send_signal(signal.SIGTERM)
        code, complaints = outcome(process)
    assert code == 0
    assert "Deprecat" not in complaints
    assert [path.name for path in tmp_path.glob("scanner.db*")] == ["scanner.db"]


def test_serve_needs_credentials(start):
    """Without AWS credentials it does not start, and says so in one sentence."""
    with start() as process:
        code, complaints = outcome(process)
    assert code == 1
    assert complaints.startswith("Cannot start: ")
    assert "credentials" in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"SCANNER_PORT": "many"}, "SCANNER_PORT"),
        ({"SCANNER_PRESIGNED_EXPIRES_SECONDS": "59"}, "presigned_expires_seconds"),
        ({"SCANNER_CORS_ORIGINS": "not json"}, "cors_origins"),
        ({"SCANNER_CONFIG": "/nowhere/at/all.toml"}, "/nowhere/at/all.toml"),
    ],
)
def test_a_wrong_setting_names_itself(start, more, named):
    """A setting that cannot be used is named, and the exit code is 2."""
    with start(**AWS, **more) as process:
        code, complaints = outcome(process)
    assert (code, named in complaints) == (2, True), complaints


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"SCANNER_DATABASE_URL": "mysql://x"}, "database_url"),
        ({"SCANNER_S3_KEY_TEMPLATE": "{nonsense}"}, "{nonsense}"),
        ({"SCANNER_CONTRACT": "/nowhere.json"}, "/nowhere.json"),
        ({"SCANNER_RATE_LIMIT_STORAGE": "ftp://x"}, "rate_limit_storage"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(start, more, said):
    """What is wrong beyond its form ends the start with 1 and a sentence."""
    with start(**AWS, **more) as process:
        code, complaints = outcome(process)
    assert (code, said in complaints, "Traceback" in complaints) == (1, True, False), complaints


def test_a_taken_port_is_one_sentence(start):
    """A port that someone listens on is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start("--port", str(port), **AWS) as process:
            code, complaints = outcome(process)
    assert code == 1
    assert f"port {port}" in complaints
