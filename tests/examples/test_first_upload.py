"""From a clone to a photo in S3 by the README's first command, on a bare machine."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
MOST_COMMANDS = 4
SECONDS = 300


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs git and a clone, to clone it"
)
def test_from_a_clone_to_the_first_upload(tmp_path):
    """At most four commands, without the extra ``vision``; the last uploads a photo and compares bytes."""
    readme = (ROOT / "README.md").read_text()
    first = re.search(r"^```sh\n(.*?)\n```$", readme, re.DOTALL | re.MULTILINE)[1]
    commands = [
        f"git clone --quiet --depth 1 {ROOT.as_uri()} scanner-api",
        "cd scanner-api",
        *first.splitlines(),
    ]
    assert len(commands) <= MOST_COMMANDS
    done = subprocess.run(  # noqa: S603 -- the README's own lines
        ["/bin/sh", "-ec", "\n".join(commands)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sent, got = (re.search(rf"\b{name} +([0-9a-f]{{64}})", done.stdout)[1] for name in ("sent", "got"))
    assert sent == got
    installed = [path.name for path in (tmp_path / "scanner-api" / ".venv").glob("lib/*/site-packages/*")]
    assert "moto" in installed
    assert not {"rapidocr", "zxingcpp", "onnxruntime"} & set(installed)
