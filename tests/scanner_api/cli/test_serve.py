"""``scanner-api serve``: as a process it starts, says where and ends cleanly; else it says why it cannot."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.settings import Settings

COMMAND = Path(sys.executable).with_name("scanner-api")
AWS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Settings with a database of the test's own, and nothing of this machine's AWS set-up."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SCANNER_"))]:
        monkeypatch.delenv(name)
    files = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    own = {"SCANNER_PORT": "0", "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db"}
    own["SCANNER_LAME_DUCK_SECONDS"] = "0"
    return {**files, **own, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def start(environment):
    """Return what starts ``serve`` as a process."""

    def starting(**more):
        return subprocess.Popen(  # noqa: S603 -- our own command
            [COMMAND, "serve"],
            env={**os.environ, **environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return starting


@pytest.fixture
def refuse(environment):
    """Return what runs ``serve`` in this process until its start fails; a traceback is raised."""

    def run(*arguments, **more):
        return CliRunner().invoke(
            app, ["serve", *arguments], env={**environment, **AWS, **more}, catch_exceptions=False
        )

    return run


def outcome(process):
    """Return the exit code and what the process said of it."""
    try:
        _, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, complaints


@pytest.mark.programs
def test_serve_responds_and_ends_cleanly(start, tmp_path):
    """It prints its URL once it responds; SIGTERM ends it with 0, and the database is closed."""
    with start(**AWS) as process:
        line = process.stdout.readline()
        assert line.count("http://") == 1  # no port of metrics, unless it is set
        url = line.split(" on ")[1].split()[0]
        assert httpx2.get(f"{url}/healthz").json() == {"status": "alive"}
        assert httpx2.get(f"{url}/scanner/api/v1/sessions/x").status_code == 401
        process.send_signal(signal.SIGTERM)
        code, complaints = outcome(process)
    assert code == 0
    assert "Deprecat" not in complaints
    assert [path.name for path in tmp_path.glob("scanner.db*")] == ["scanner.db"]


@pytest.mark.programs
def test_serve_needs_credentials(start):
    """Without AWS credentials it does not start, and says so in one sentence."""
    with start() as process:
        code, complaints = outcome(process)
    assert code == 2
    assert complaints.startswith("Cannot start: ")
    assert "credentials" in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"SCANNER_PORT": "many"}, "SCANNER_PORT"),
        ({"SCANNER_PRESIGNED_EXPIRES_SECONDS": "59"}, "presigned_expires_seconds"),
        ({"SCANNER_CORS_ORIGINS": "not json"}, "cors_origins"),
        ({"SCANNER_CORS_ORIGINS": '["https://app.test/"]'}, "https://app.test/ is not an origin"),
        ({"SCANNER_CONFIG": "/nowhere/at/all.toml"}, "/nowhere/at/all.toml"),
        ({"SCANNER_DATABASE_URL": "mysql://x"}, "database_url"),
        ({"SCANNER_DATABASE_URL": "postgres://x/y?sslmode=always"}, "sslmode"),
        ({"SCANNER_DATABASE_URL": "postgresql://x/y?sslmod=require"}, "'sslmod'"),
        ({"SCANNER_RATE_LIMIT_STORAGE": "ftp://x"}, "rate_limit_storage"),
        ({"SCANNER_RATE_LIMIT_STORAGE": "redis://x/first"}, "rate_limit_storage"),
        ({"SCANNER_RATE_LIMIT_STORAGE": "redis://x/0?colour=red"}, "rate_limit_storage has parameters"),
        ({"SCANNER_QUEUE_URL": "redis://:pw@"}, "queue_url"),
        ({"SCANNER_QUEUE_URL": "redis://x/0?max_connections=few"}, "queue_url has parameters"),
        ({"SCANNER_S3_ENDPOINT_URL": "s3.example"}, "s3_endpoint_url"),
        ({"SCANNER_OAUTH_ISSUER": "i", "SCANNER_OAUTH_JWKS": "http://far.example/keys"}, "oauth_jwks"),
        ({"SCANNER_OAUTH_ISSUER": "https://issuer.example"}, "oauth_audience"),
        ({"SCANNER_S3_KEY_TEMPLATE": "{nonsense}"}, "is wrong: {nonsense} is not a placeholder"),
        ({"SCANNER_RATE_LIMIT_PER_MINUT": "5"}, "is SCANNER_RATE_LIMIT_PER_MINUTE meant?"),
        (
            {"SCANNER_WAIT": "soon"},
            "(--wait, SCANNER_WAIT) is wrong: 'soon' is not a time; expected seconds such as 60s.",
        ),
    ],
)
def test_a_wrong_setting_names_itself(refuse, more, named):
    """A setting that cannot be used is named, and the exit code is 2."""
    refused = refuse(**more)
    assert (refused.exit_code, named in refused.stderr) == (2, True), refused.stderr


def test_a_mistyped_setting_of_a_file_names_the_nearest(refuse, tmp_path):
    """What a file sets and nobody reads ends the start with 2."""
    (tmp_path / "settings.toml").write_text("rate_limit_per_minut = 5\n")
    refused = refuse(SCANNER_CONFIG=str(tmp_path / "settings.toml"))
    assert (refused.exit_code, "is rate_limit_per_minute meant?" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "more", "named"),
    [
        (b"redis://x/first\n", {}, "queue_url must be memory://"),
        (b"memory://", {"SCANNER_QUEUE_URL": "memory://"}, "SCANNER_QUEUE_URL_FILE are both set"),
        (b"\xff", {}, "secret is not UTF-8 at byte 0"),
        (b"x" * 70_000, {}, "secret has more than 65536 bytes"),
        (None, {}, "secret cannot be read: No such file or directory"),
        (None, {"SCANNER_QUEUE_URLS_FILE": ""}, "is SCANNER_QUEUE_URL meant?"),
    ],
)
def test_a_wrong_file_of_a_setting_names_itself(refuse, tmp_path, content, more, named):
    """A setting is read from the file that its variable with ``_FILE`` names, without the last newline."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    refused = refuse(SCANNER_QUEUE_URL_FILE=str(file), **more)
    assert (refused.exit_code, named in refused.stderr) == (2, True), refused.stderr


@pytest.mark.usefixtures("environment")
def test_nobody_is_trusted_by_default():
    """Without settings there is no origin, no proxy and no token issuer, and no link to private addresses."""
    settings = Settings()
    assert (settings.cors_origins, settings.trusted_proxies, settings.oauth_issuer) == ((), (), "")
    assert (set(settings.redirect_ports), settings.redirect_allowed) == ({80, 443}, ())


def test_files_of_settings_are_read(monkeypatch, tmp_path):
    """Files are read as variables are: JSON for lists, and a flag has precedence."""
    (tmp_path / "secret").write_text("redis://:pw@a/0\r\n")
    (tmp_path / "origins").write_text('["https://a.example"]')
    monkeypatch.setenv("SCANNER_QUEUE_URL_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("SCANNER_CORS_ORIGINS_FILE", str(tmp_path / "origins"))
    assert Settings().queue_url == "redis://:pw@a/0"
    assert Settings(queue_url="memory://").queue_url == "memory://"
    assert Settings().cors_origins == ("https://a.example",)


def test_other_variables_are_nobody_s_mistake(refuse):
    """What Kubernetes and clients set is no mistyped setting: the start goes on, to a contract."""
    others = {"SCANNER_SERVICE_HOST": "10.0.0.1", "SCANNER_API_PORT_8000_TCP": "tcp://10.0.0.1:8000"}
    refused = refuse(SCANNER_CONTRACT="/nowhere.json", SCANNER_API_KEY="csb", **others)
    assert (refused.exit_code, "/nowhere.json" in refused.stderr) == (2, True)


@pytest.mark.parametrize("place", ["/nowhere.json", "http://127.0.0.1:1/openapi.json"])
def test_a_contract_that_is_not_there_is_one_sentence(refuse, place):
    """What is wrong beyond its form ends the start with 2 and a sentence, of a file or a URL."""
    refused = refuse(SCANNER_CONTRACT=place)
    assert (refused.exit_code, f"{place}: " in refused.stderr, refused.stderr.count("\n")) == (2, True, 1)


def test_two_contracts_are_an_error(refuse):
    """Neither is taken in silence."""
    refused = refuse("--contract", "a.yaml", "--contract", "b.yaml")
    assert (refused.exit_code, "got 2: a.yaml, b.yaml" in refused.stderr) == (2, True)


def test_a_taken_port_is_one_sentence(refuse):
    """A port that someone listens on is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = refuse("--port", str(port))
    assert (refused.exit_code, f"port {port}" in refused.stderr) == (2, True)
