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
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    jenkins = re.findall(r"sh '''\n(.*?)'''", (FOLDER / "Jenkinsfile").read_text(), re.DOTALL)
    return {
        "github": [step["run"] for step in github["steps"] if "run" in step],
        "gitlab": yaml.safe_load((FOLDER / "gitlab.yaml").read_text())["contract"]["script"],
        "jenkins": [line.strip() for line in jenkins[0].splitlines() if line.strip()],
        "hooks": [" ".join([hook["entry"], *map(shlex.quote, hook.get("args", ()))]) for hook in hooks],
    }


LINES = lines_of_ci()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


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


@pytest.fixture
def act(project, environment, tmp_path):
    """Run the steps of the action as a runner does, with a cached environment; return the last."""
    installed = tmp_path / "contract-first" / "bin" / "contract-first"
    installed.parent.mkdir(parents=True)
    installed.symlink_to(Path(sys.executable).parent / "contract-first")
    output = tmp_path / "output"

    def run_steps(**inputs):
        values = {f"inputs.{name}": entry.get("default", "") for name, entry in ACTION["inputs"].items()}
        values |= {"inputs.base": "origin/main", "steps.cache.outputs.cache-hit": "true"}
        values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        done = None
        for step in ACTION["runs"]["steps"]:
            name, wrong = re.findall(r"(\S+) != '(.*)'", step.get("if", "x != ''"))[0]
            if "run" not in step or values.get(name, "x") == wrong:
                continue
            output.write_text("")
            variables = {
                key: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values.get(match[1], ""), text)
                for key, text in step.get("env", {}).items()
            }
            runner = {"GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(tmp_path)}
            line = step["run"].replace('fetch --depth 1 origin "$BASE"', "fetch -q origin")
            done = run(line, project, environment | runner | variables)
            for name, _, value in (line.partition("=") for line in output.read_text().splitlines()):
                values[f"steps.{step['id']}.outputs.{name}"] = value
        return done, values

    return run_steps


def test_the_action_passes(act, environment, tmp_path):
    """Where nothing is wrong it ends with 0, and the summary of the job has all three reports."""
    done, _ = act(url=environment["URL"])
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count("## Pets 1") == 2
    assert "No changes." in summary


def test_each_part_of_the_action_runs_to_its_end(act, project, tmp_path):
    """What lint finds stops neither diff nor check, and the worst of the three is how it ends."""
    text = (project / "openapi.yaml").read_text().replace("      operationId: list_pets\n", "")
    (project / "openapi.yaml").write_text(text)
    (project / "parts" / "pets.yaml").write_text("{type: array, items: {type: [integer, 'null']}}")
    done, values = act(url="http://127.0.0.1:9", budget="5s", fail_on="low")
    assert [values[f"steps.{name}.outputs.code"] for name in ("lint", "diff", "check")] == ["1", "1", "2"]
    assert done.returncode == 2
    assert "::error title=contract-first::contract-first check ended with 2" in done.stdout
    summary = (tmp_path / "summary.md").read_text()
    assert "has no operationId" in summary
    assert "response-type-changed" in summary
    assert (project / "contract-lint.sarif").is_file()


def test_the_action_takes_a_baseline(act, environment, project):
    """What it knows does not fail; a file that is none ends the check with 2, and the action too."""
    (project / "known.toml").write_text("[")
    done, values = act(url=environment["URL"], baseline="known.toml")
    assert (values["steps.check.outputs.code"], done.returncode) == ("2", 2)
    (project / "known.toml").write_text("")
    assert act(url=environment["URL"], baseline="known.toml")[0].returncode == 0


def test_a_contract_that_is_new_is_not_compared(act, project):
    """The pull request that brings it does not fail for that."""
    (project / "new.yaml").write_text((project / "openapi.yaml").read_text())
    done, values = act(contract="new.yaml")
    assert (values["steps.diff.outputs.code"], done.returncode) == ("0", 0)


def test_the_environment_is_cached_by_what_is_installed(act):
    """The key is the same while Python and sources are, and one of the environment's own."""
    first, second = (act(base="")[1]["steps.key.outputs.key"] for _ in range(2))
    assert first == second
    assert re.fullmatch("[0-9a-f]{40}", first)


def test_all_files_check_alike():
    """GitLab and Jenkins have the lines of GitHub, so that one of them need be run."""
    assert LINES["gitlab"] == LINES["jenkins"] == LINES["github"]
