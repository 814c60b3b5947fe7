"""The CI files do what they say: their shell lines are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
import yaml

from scanner_mocks import scanner_mock

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
BASH = shutil.which("bash") or "/bin/bash"
NO_LIMIT = 10**9
ONE_OPERATION = "--operation list_sessions --max-examples 1 --seed 1"


def shell_lines():
    """Return the shell lines of each job, by file and job."""
    github = yaml.safe_load((CI / "github.yaml").read_text())["jobs"]
    gitlab = yaml.safe_load((CI / "gitlab.yaml").read_text())
    jobs = {
        ("github", name): [step["run"] for step in job["steps"] if "run" in step]
        for name, job in github.items()
    }
    jobs |= {("gitlab", name): job["script"] for name, job in gitlab.items() if "script" in job}
    return jobs


JOBS = shell_lines()


@pytest.fixture(scope="module")
def deployed():
    """Run a mock, and return the environment that CI would have for a deployment."""
    with scanner_mock(rate_limit_per_minute=NO_LIMIT, rate_limit_per_day=NO_LIMIT) as mock:
        yield {"SCANNER_URL": mock.api, "SCANNER_CHECK_API_KEY": mock.keys["unlimited"]}


@pytest.fixture
def pip(tmp_path):
    """Put a pip in front that only keeps what it was asked for: what it would install is installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pip").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (folder / "pip").chmod(0o755)
    return folder


@pytest.mark.parametrize("job", [job for job in JOBS if job[0] == "github"], ids="-".join)
def test_a_job_checks(job, pip, deployed, tmp_path):
    """Each job's lines install, check and leave a page and JUnit XML with no failure in it."""
    path = f"{pip}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **deployed, "PATH": path, "CHECK_OPTIONS": ONE_OPERATION}
    for line in JOBS[job]:
        done = subprocess.run(  # noqa: S603 -- the project's own lines
            [BASH, "-e", "-c", line],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "contract check" in (tmp_path / "contract.html").read_text()
    assert parse(tmp_path / "contract.xml").getroot().get("failures") == "0"  # noqa: S314 -- our own
    [extras] = re.findall(r"scanner-api\[(.*)\]", (tmp_path / "asked").read_text())
    assert set(extras.split(",")) <= EXTRAS.keys()


@pytest.mark.parametrize(
    ("key", "message"), [("wrong-key-1", "is refused"), ("", "SCANNER_CHECK_API_KEY is empty")]
)
def test_a_job_fails_where_the_key_is_wrong(pip, deployed, tmp_path, key, message):
    """A job's last line ends with the exit code of the check, and so where there is no such secret."""
    path = f"{pip}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    wrong = {"SCANNER_CHECK_API_KEY": key, "CHECK_OPTIONS": "", "PATH": path}
    done = subprocess.run(  # noqa: S603 -- the project's own line
        [BASH, "-e", "-c", JOBS["github", "deployment"][-1]],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **deployed, **wrong},
    )
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize("name", ["server", "deployment"])
def test_both_files_check_alike(name):
    """The jobs of GitLab have the lines of those of GitHub, so that one of them need be run."""
    assert [line.strip() for line in JOBS["gitlab", name]] == [line.strip() for line in JOBS["github", name]]
