"""A test in whose log a secret is fails, from any source and in any process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[1] / "services" / "logged_secrets.py"
CONFTEST = f"""
import runpy

def pytest_configure(config):
    config.pluginmanager.register(runpy.run_path({str(PLUGIN)!r})["LoggedSecrets"]())
"""
TESTS = """
import hashlib, hmac, logging, os, subprocess, sys

import httpx2
import pytest
from click.testing import CliRunner

from contract_first.service.observe.logs import Log
from scanner_api.access.api_keys import new_key
from scanner_api.cli import app
from scanner_mocks import seeds
from typer.main import get_command

log = logging.getLogger("scanner_api.access")
NOISY = "import os, sys; os.write({stream}, os.environ['SCANNER_TEST_SECRET'].encode()); {then}"

def test_a_key_at_debug():
    log.debug("It is %s", new_key("csb"))

@pytest.fixture
def loud():
    yield
    log.info(new_key("cpk"))

def test_in_a_teardown(loud):
    pass

def test_a_password_in_an_exception():
    try:
        raise ValueError("redis://:hunter2@127.0.0.1:9/0")
    except ValueError:
        log.exception("No Redis")

def test_a_credential_of_a_request():
    httpx2.Request("GET", "http://x.example", headers={"Authorization": "Basic YWRhOnA0c3N3MHJk"})
    print("ada has p4ssw0rd")

def test_a_cookie():
    httpx2.Request("GET", "http://x.example", headers={"Cookie": "a=b; sessionid=c00k1e-c00k1e"})
    print("c00k1e-c00k1e", file=sys.stderr)

def test_a_key_of_hmac():
    hmac.new(b"AWS4s3cr3t-of-s3", b"", "sha256")
    log.warning("s3cr3t-of-s3")

def test_a_signature():
    log.debug(hmac.digest(b"a" * 32, b"", "sha256").hex())

def test_a_signature_that_a_process_made():
    log.debug("X-Amz-Signature=" + hashlib.sha256(b"").hexdigest())

def test_the_request_log():
    class Now:
        def call_soon(self, flush):
            flush()
    import contract_first.service.observe.logs
    contract_first.service.observe.logs.get_running_loop = Now
    Log(stream=open(os.devnull, "w")).write("GET /?key=" + new_key("csb"))

def test_a_token():
    print("eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwIn0.Etoyp3WDHpIisCczh5FvI5")

def test_captured(capsys):
    print(new_key("csb"))
    assert capsys.readouterr()

@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("then", ["pass", "sys.stdin.read()"])
def test_a_process_nobody_reads_from(name, then):
    code = NOISY.format(stream=1 + (name == "stderr"), then=f"os.close(3); {then}")
    reading, ready = os.pipe()
    command = [sys.executable, "-c", code.replace("os.close(3)", f"os.close({ready})")]
    pipes = {name: subprocess.PIPE, "stdin": subprocess.PIPE, "pass_fds": [ready]}
    with subprocess.Popen(command, env={"SCANNER_TEST_SECRET": "s3cr3t-of-test"}, **pipes) as process:
        os.close(ready)
        os.read(reading, 1)
        process.kill()

@pytest.mark.parametrize("text", [True, False])
def test_a_line_of_a_process(text):
    code = NOISY.format(stream=1, then="pass")
    environment = {"SCANNER_TEST_SECRET": "s3cr3t-of-test"}
    pipes = {"stdout": subprocess.PIPE, "text": text}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes) as process:
        assert process.stdout.readline()

def test_a_finished_process():
    code = NOISY.format(stream=2, then="pass")
    environment = {"SCANNER_TEST_SECRET": "s3cr3t-of-test"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True).stderr

def test_a_process_without_pipes():
    code = NOISY.format(stream=2, then="pass")
    subprocess.run([sys.executable, "-c", code], env={"SCANNER_TEST_SECRET": "s3cr3t-of-test"})

def test_an_error_of_a_command():
    import click
    @click.command()
    @click.argument("words", nargs=-1)
    def command(words):
        click.echo(new_key("csb"), err=True)
    CliRunner().invoke(command, ["keys", "create"])

def test_clean_the_result_of_a_command(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    arguments = ["keys", "create", "--quiet", "--new-organization", "Acme", "--database-url", url]
    made = CliRunner().invoke(get_command(app), arguments).stdout
    assert made.startswith("csb_")
    command = [sys.executable, "-m", "scanner_api", *arguments]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("csb_")

def test_clean_the_result_of_another_program():
    assert subprocess.check_output(["/bin/sh", "-c", "printf %s " + new_key("csb")])

def test_clean_what_is_public():
    httpx2.Request("GET", "http://x.example", headers={"X-API-Key": seeds.ACTIVE_KEY})
    log.info(seeds.ACTIVE_KEY + seeds.S3_SECRET_KEY)
    log.info("redis://:***@127.0.0.1:9/0, signature expected")
"""


def test_a_secret_in_the_log_fails(tmp_path):
    """Each test of a file that logs one ends with an error, with its source and without it; no other does."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_logs.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-rA", "--show-capture=no", "--color=no", "-n", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    tests = [
        name for _, name in re.findall(r"^(PASSED|FAILED) test_logs\.py::(\S+)", done.stdout, re.MULTILINE)
    ]
    errors = re.findall(r"^ERROR test_logs\.py::(\S+)", done.stdout, re.MULTILINE)
    assert sorted(errors) == sorted(name for name in tests if not name.startswith("test_clean")), done.stdout
    assert len(errors) == 20, done.stdout
    assert (
        "A secret is logged by test_logs.py::test_a_key_of_hmac:\nscanner_api.access: 's3***\\n'"
        in done.stdout
    )
