"""``scanner-api demo``: the whole story, and honest about whatever does not go as it should."""

from __future__ import annotations

import http.client
import os
import re
import runpy
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from msgspec.structs import replace
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from scanner_api.cli import app as scanner_api
from scanner_api.scanning.extraction.pixels import decode_barcodes
from scanner_mocks import server
from scanner_mocks.demonstration import scan, stage, story
from scanner_mocks.demonstration.stage import Failed
from scanner_mocks.demonstration.story import demonstrate
from scanner_mocks.drawings import pictures
from scanner_mocks.drawings.pictures import digital_link, draw_qr_code

pytestmark = pytest.mark.programs

http_server = runpy.run_path(str(Path(__file__).parents[1] / "services" / "http_server.py"))["http_server"]
COMMAND = [str(Path(sys.executable).with_name("scanner-api")), "demo"]
ACTS = [
    "Create a session",
    "Scan the QR code of a product: upload a picture of it",
    "Wait until the pipeline has read it, and see which product it is",
    *(
        step
        for photo_type in ("front", "ingredients")
        for step in (
            f"Ask for a presigned upload: {photo_type}",
            "Post the photo to S3, as a browser would",
            "Read it back from S3, and compare the bytes by their SHA-256",
            "Register the photo with the session",
        )
    ),
    "Submit the session",
    "Wait until its photos have been read",
    "List what they suggest for the product",
    "Review the ingredients: ACCEPTED",
    "Review the name: REJECTED",
    "Apply to the product what was accepted",
    "See the gallery",
]
WITHOUT_VISION = [ACTS[0], *ACTS[3:11], ACTS[-1]]
BLOCKER = """
import sys
from importlib.machinery import PathFinder

class WithoutVision(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in {"numpy", "onnxruntime", "rapidocr", "zxingcpp"}
        return None if hidden else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutVision
"""
"""A ``sitecustomize`` that makes Python look as it does where the extra ``vision`` is not installed."""


@contextmanager
def lossy(s3_url):
    """Stand in front of S3, and pass on everything but the last byte of the response."""
    real = urlsplit(s3_url).netloc

    def respond(request):
        connection = http.client.HTTPConnection(real)
        connection.request("GET", request.path, headers={"Host": request.headers["Host"]})
        response = connection.getresponse()
        content = response.read()[:-1]
        connection.close()
        request.send_response(response.status)
        request.send_header("Content-Type", response.getheader("Content-Type"))
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with http_server(respond) as url:
        yield url


def acts(text):
    """Return the titles of the steps in what the demonstration shows, which are numbered from 1."""
    steps = [line.split("  ", 1) for line in text.splitlines() if line[:1].isdigit()]
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    return [title for _, title in steps]


def run(**environment):
    """Run the command on a terminal of 80 columns."""
    return subprocess.run(  # noqa: S603 -- our own
        COMMAND,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


@pytest.mark.parametrize(
    ("draw", "size"), [(pictures.draw_tin, pictures.TIN), (pictures.draw_label, pictures.LABEL)]
)
def test_the_photos_are_photos(draw, size):
    """What is uploaded is a JPEG that any reader opens, and the same at every drawing."""
    photo = draw()
    with Image.open(BytesIO(photo)) as image:
        image.load()
        assert (image.format, image.size) == ("JPEG", size)
    assert photo == draw()


def test_the_qr_code_says_the_link():
    """A reader of barcodes gets from the picture the Digital Link that was drawn."""
    link = digital_link("http://127.0.0.1:8000")
    assert decode_barcodes(draw_qr_code(link)) == [link]


@pytest.fixture(scope="module")
def finished():
    """Run the command once, from start to end."""
    return run()


def test_the_command_from_start_to_end(finished):
    """The command starts a mock, tells every step within 80 columns, and ends with exit code 0."""
    assert (finished.returncode, finished.stderr) == (0, "")
    assert acts(finished.stdout) == ACTS
    assert max(map(len, finished.stdout.splitlines())) <= 80
    assert finished.stdout.count("Equal: the photo is in S3") == 2
    assert "Left out" not in finished.stdout


def test_what_the_story_shows(finished):
    """The product, its identifiers, the proposals, what is written to the product and the gallery show."""
    shown = finished.stdout
    assert "Chopped Tomatoes 400 g, GTIN 09521234000358" in shown
    assert "(01) 09521234000358, (10) L2611A, (15) 271130" in shown
    assert "extraction_status: ready" in shown
    assert [line for line in shown.splitlines() if "│ ingredients │ Tomatoes, tomato juice" in line]
    assert "now    Tomatoes (65 %), tomato juice, sea salt, basil." in shown
    gallery = re.findall(r"│ (\d) +│ (\w+) +│ \w+\.jpg +│", shown)
    assert gallery == [("0", "front"), ("1", "ingredients")]


def test_without_vision_it_says_what_it_leaves_out(tmp_path):
    """Where the extra is not there, the main job is shown, one line says what is not, and it is a success."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    finished = run(PYTHONPATH=str(tmp_path))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert acts(finished.stdout) == WITHOUT_VISION
    last = finished.stdout.splitlines()[-1]
    assert last.startswith("Left out: the scan, and the proposals from the label. They need the extra vision")
    assert last.endswith("pip install -c constraints.txt ./packages/strict-s3 '.[mock,vision]'")


def test_a_lost_byte_is_a_failure(mock):
    """An S3 that gives back a byte less than it was sent makes the demonstration fail, and say so."""
    console = Console(file=sys.stdout, width=80)
    sent = len(pictures.draw_tin())
    with lossy(mock.s3) as url, pytest.raises(Failed, match=f"{sent:,} bytes were sent.*{sent - 1:,}"):
        demonstrate(replace(mock, s3=url), console)


def test_a_failure_is_exit_code_1(mock, monkeypatch):
    """The command ends with exit code 1 and the reason."""

    @contextmanager
    def with_lossy_s3(**_):
        with lossy(mock.s3) as url:
            yield replace(mock, s3=url)

    monkeypatch.setattr(server, "scanner_mock", with_lossy_s3)
    outcome = CliRunner().invoke(scanner_api, ["demo"])
    assert outcome.exit_code == 1
    assert f"Failed: {len(pictures.draw_tin()):,} bytes were sent" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"api_key": "no key"}, "the response was 401, not 201"),
        ({"api": "http://127.0.0.1:1"}, "there was no response"),
        ({"s3": "http://127.0.0.1:1"}, "there was no response"),
    ],
)
def test_other_failures_say_what_happened(mock, changes, reason):
    """A response that is none, or another than is expected, is reported as what it is."""
    with pytest.raises(Failed, match=reason):
        demonstrate(replace(mock, **changes), Console(file=sys.stdout))


def test_a_code_that_names_no_product_is_a_failure(mock, monkeypatch):
    """A scan that ends without a product makes the demonstration fail, with what the API says of it."""
    monkeypatch.setattr(scan, "digital_link", lambda _: "a text")
    with pytest.raises(Failed, match="ended as NOT_FOUND: The value names no GTIN"):
        demonstrate(mock, Console(file=sys.stdout))


def test_a_label_that_suggests_nothing_is_a_failure(mock, monkeypatch):
    """A label on which no ingredients are read makes the demonstration fail."""
    monkeypatch.setattr(pictures, "LINES", ())
    with pytest.raises(Failed, match="the photos suggest no ingredients"):
        demonstrate(mock, Console(file=sys.stdout))


def test_an_apply_that_writes_something_else_is_a_failure(mock, monkeypatch):
    """A product to which nothing was written makes the demonstration fail."""
    monkeypatch.setattr(story, "review", lambda *_: None)
    with pytest.raises(Failed, match=r"and these were: \[\]"):
        demonstrate(mock, Console(file=sys.stdout))


def test_a_wait_has_an_end(mock, monkeypatch):
    """A state that never comes is waited for as long as is set, and then it is a failure."""
    monkeypatch.setattr(stage, "LONGEST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(stage, "POLL_SECONDS", 0.05)
    with httpx2.Client(trust_env=False) as client, pytest.raises(Failed, match="status is still ACTIVE"):
        stage.Stage(mock, client, Console(file=sys.stdout)).poll(
            f"/sessions/{mock.session_id}", "status", {"EXPIRED"}
        )
