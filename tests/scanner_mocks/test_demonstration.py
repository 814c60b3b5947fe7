"""``scanner-api demo``: the main job, and honest about a photo that does not come back as it was sent."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer
from msgspec.structs import replace
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from scanner_mocks import cli, server
from scanner_mocks.demonstration import Failed, demonstrate
from scanner_mocks.photo import SIZE, draw_photo

COMMAND = [str(Path(sys.executable).with_name("scanner-api")), "demo"]


@contextmanager
def lossy(s3_url):
    """Stand in front of S3, and pass on everything but the last byte of what it answers."""
    real = urlsplit(s3_url).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            connection = http.client.HTTPConnection(real)
            connection.request("GET", self.path, headers={"Host": self.headers["Host"]})
            answer = connection.getresponse()
            content = answer.read()[:-1]
            connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()
        thread.join()


def test_the_photo_is_a_photo():
    """What is uploaded is a JPEG that any reader opens, and the same at every drawing."""
    photo = draw_photo()
    with Image.open(BytesIO(photo)) as image:
        image.load()
        assert (image.format, image.size) == ("JPEG", SIZE)
    assert photo == draw_photo()


def test_the_command_from_start_to_end():
    """The command starts a mock, shows the five steps and ends with exit code 0, the bytes being equal."""
    finished = subprocess.run(COMMAND, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert (finished.returncode, finished.stderr) == (0, "")
    titles = [line for line in finished.stdout.splitlines() if line[:1].isdigit()]
    assert [title[0] for title in titles] == ["1", "2", "3", "4", "5"]
    assert "Equal: the photo is in S3" in finished.stdout


def test_a_lost_byte_is_a_failure(mock):
    """An S3 that gives back a byte less than it was sent makes the demonstration fail, and say so."""
    console = Console(file=sys.stdout, width=80)
    with lossy(mock.s3) as url, pytest.raises(Failed, match=r"85,187 bytes were sent.*85,186"):
        demonstrate(replace(mock, s3=url), console)


def test_a_failure_is_exit_code_1(mock, monkeypatch):
    """The command ends with exit code 1 and the reason."""

    @contextmanager
    def with_lossy_s3():
        with lossy(mock.s3) as url:
            yield replace(mock, s3=url)

    monkeypatch.setattr(server, "scanner_mock", with_lossy_s3)
    app = typer.Typer()
    cli.add_commands(app)
    outcome = CliRunner().invoke(app, ["demo"])
    assert outcome.exit_code == 1
    assert "Failed: 85,187 bytes were sent" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"api_key": "no key"}, "the answer was 401, not 201"),
        ({"api": "http://127.0.0.1:1"}, "there was no answer"),
        ({"s3": "http://127.0.0.1:1"}, "there was no answer"),
    ],
)
def test_other_failures_say_what_happened(mock, changes, reason):
    """An answer that is none, or another than is wanted, is told as what it is."""
    with pytest.raises(Failed, match=reason):
        demonstrate(replace(mock, **changes), Console(file=sys.stdout))
