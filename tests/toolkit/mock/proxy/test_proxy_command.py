"""``scanner-api proxy``: the demonstration through it, and what it says and returns in the end."""

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from contract_first.check.validation import validate_har
from scanner_contract import load_contract
from scanner_mocks.demonstration.story import demonstrate

pytestmark = pytest.mark.programs

COMMAND = [str(Path(sys.executable).with_name("scanner-api")), "proxy", "--port", "0"]


def test_the_whole_story_through_the_proxy_breaks_nothing(mock, tmp_path):
    """The demonstration goes through the command: no violations, exit code 0, and every report written."""
    files = {name: tmp_path / f"report.{name}" for name in ("html", "json", "har")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    with subprocess.Popen(  # noqa: S603 -- our own command
        [*COMMAND, "--upstream", mock.api, *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    ) as process:
        try:
            url = process.stdout.readline().split()[0]
            demonstrate(replace(mock, api=url), Console(file=StringIO()))
        finally:
            process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    report = json.loads(files["json"].read_bytes())
    assert (report["violating_requests"], report["violating_responses"], report["findings"]) == (0, 0, [])
    assert report["validated"] == report["exchanges"] > 10
    assert report["shares"]["operations"]["exercised"] > 5
    assert "0 requests and 0 responses violate the contract." in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert mock.api_key not in "".join(path.read_text() for path in files.values())
    assert validate_har(files["har"], load_contract()).findings == []
