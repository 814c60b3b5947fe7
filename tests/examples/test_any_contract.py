"""Any contract in CI: the shell lines of its CI files, action and hooks are run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check.run.checking import served

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "any-contract"
BASH = shutil.which("bash") or "/bin/bash"
CONTRACT = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: list_pets
      responses:
        "200": {description: OK, content: {application/json: {schema: {$ref: "parts/pets.yaml"}}}}
        default: {description: an error}
"""


def lines_of_ci():
    """Return the shell lines of each file, and of the action."""
    [github] = yaml.safe_load((FOLDER / "github.yaml").read_text())["jobs"].values()
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    jenkins = re.findall(r"sh '''\n(.*?)'''", (FOLDER / "Jenkinsfile").read_text(), re.DOTALL)
    return {
        "github": [step["run"] for step in github["steps"] if "run" in step],
        "gitlab": yaml.safe_load((FOLDER / "gitlab.yaml").read_text())["contract"]["script"],
        "jenkins": [line.strip() for line in jenkins[0].splitlines() if line.strip()],
        "action": [step["run"] for step in action["runs"]["steps"]],
        "hooks": [" ".join([hook["entry"], *map(shlex.quote, hook.get("args", ()))]) for hook in hooks],
    }


LINES = lines_of_ci()


def git(folder, *arguments):
    """Run git as somebody."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.test"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)  # noqa: S603, S607 -- the user's own


@pytest.fixture
def project(tmp_path):
    """Return a clone of a project with a contract of two files, and a pip in front that installs nothing."""
    base, clone, programs = tmp_path / "base", tmp_path / "clone", tmp_path / "bin"
    (base / "parts").mkdir(parents=True)
    programs.mkdir()
    (base / "openapi.yaml").write_text(CONTRACT)
    (base / "parts" / "pets.yaml").write_text("{type: array, items: {type: string}}")
    settings = (FOLDER / "contract-first.toml").read_text()
    (base / "contract-first.toml").write_text(settings.replace('budget = "60s"', "max-examples = 2"))
    git(base, "init", "-q", "-b", "main")
    git(base, "add", "-A")
    git(base, "commit", "-qm", "first")
    git(tmp_path, "clone", "-q", str(base), str(clone))
    (programs / "pip").write_text("#!/bin/sh\n")
    (programs / "pip").chmod(0o755)
    return clone


@pytest.fixture
def environment(project, tmp_path):
    """Yield the environment of a job, with a server that conforms."""

    async def pets(_request):
        return JSONResponse(["Rex"])

    assert project.is_dir()
    with served(Starlette(routes=[Route("/pets", pets)])) as url:
        yield {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("GITHUB_", "CHECK_"))
            },
            "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BASE": "origin/main",
            "CONTRACT": "openapi.yaml",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "STAGING_KEY": "key-of-staging-1",
            "URL": url,
        }


def run(line, folder, environment):
    """Run a line as a job does, and return what it did."""
    command = [BASH, "-e", "-o", "pipefail", "-c", line]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)  # noqa: S603 -- the project's own lines


@pytest.mark.parametrize("name", ["github", "hooks"])
def test_all_lines_pass(name, project, environment):
    """Where nothing is wrong, each line ends with 0, and says which configuration it read."""
    for line in LINES[name]:
        done = run(line, project, environment)
        assert done.returncode == 0, line + done.stdout + done.stderr
        assert "pip" in line or done.stderr.startswith("Configuration: contract-first.toml\n")


def test_a_breaking_change_fails(project, environment, tmp_path):
    """The lines of the action pass but for the comparison, which tells of the change in the job's summary."""
    (project / "parts" / "pets.yaml").write_text("{type: array, items: {type: [string, 'null']}}")
    lines = [line.replace('fetch --depth 1 origin "$BASE"', "fetch -q origin") for line in LINES["action"]]
    codes = [run(line, project, environment).returncode for line in lines[:3]]
    assert codes == [0, 0, 1]
    assert "**breaking**" in (tmp_path / "summary.md").read_text()
    assert run(lines[3], project, environment).returncode == 0


def test_all_files_check_alike():
    """GitLab and Jenkins have the lines of GitHub, so that one of them need be run."""
    assert LINES["gitlab"] == LINES["jenkins"] == LINES["github"]
