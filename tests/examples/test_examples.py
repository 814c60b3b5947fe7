"""The examples run as their READMEs say, against a mock that is started for them."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SECONDS = 240
CHROMIUM_FLAGS = runpy.run_path(str(ROOT / "tests" / "services" / "node.py"))["CHROMIUM_FLAGS"]
LOCKS = [*EXAMPLES.glob("**/package-lock.json"), *ROOT.glob("tests/*/*/package-lock.json")]


def free_port():
    """Return a loopback port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def npm_test(project, **environment):
    """Run a project's tests as its README says; return the exit code and what they print."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    finished = subprocess.run(
        ["npm", "test"],  # noqa: S607 -- wherever it is
        cwd=project,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return finished.returncode, finished.stdout


def test_vitest(npm_project):
    """The tests of the Vitest example pass, and an app that changes its form fails them."""
    project = npm_project(EXAMPLES / "vitest")
    code, output = npm_test(project)
    assert code == 0, output
    assert "6 passed" in output
    app = project / "src" / "scanner.js"
    app.write_text(app.read_text().replace("form.append(name, value)", 'form.append(name, value + "x")'))
    code, output = npm_test(project)
    assert code == 1, output
    assert "FAIL  test/scanner.test.js > a photo goes into S3" in output


def test_playwright(npm_project, chromium):
    """The tests of the Playwright example pass, in a real browser."""
    project = npm_project(EXAMPLES / "playwright")
    code, output = npm_test(project, CHROMIUM=chromium, CHROMIUM_FLAGS=CHROMIUM_FLAGS, PORT=str(free_port()))
    assert code == 0, output
    assert "4 passed" in output


def test_react(npm_project):
    """The tests of the React page pass against the mock of its contract, and the page is built."""
    project = npm_project(EXAMPLES / "react")
    code, output = npm_test(project)
    assert code == 0, output
    assert "4 passed" in output
    subprocess.run(["npm", "run", "build"], cwd=project, check=True)  # noqa: S607 -- wherever it is
    assert list((project / "dist").glob("assets/*.js"))


def test_s3_in_node(npm_project):
    """The tests of the uploads in Node pass."""
    code, output = npm_test(npm_project(EXAMPLES / "s3" / "node"))
    assert code == 0, output
    assert "pass 2" in output


@pytest.mark.parametrize(
    ("folder", "options"), [("fastapi", ["--contract-coverage-min", "80"]), ("s3/python", [])]
)
def test_pytest(folder, options, tmp_path):
    """The tests of the example pass."""
    project = shutil.copytree(EXAMPLES / folder, tmp_path / "project")
    command = [sys.executable, "-m", "pytest", "-q", *options]
    done = subprocess.run(  # noqa: S603 -- our own command
        command, cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_s3_in_java(tmp_path):
    """The source of the uploads in Java is parsed; what it imports cannot be fetched here."""
    if shutil.which("javac") is None:
        pytest.skip("needs javac, which is not on this machine")
    sources = [str(path) for path in (EXAMPLES / "s3" / "java").rglob("*.java")]
    assert len(sources) == 2
    done = subprocess.run(  # noqa: S603 -- our own sources
        ["javac", "-d", str(tmp_path), *sources],  # noqa: S607 -- wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    errors = set(re.findall(r"error: (.*)", done.stderr))
    unresolved = re.compile(r"package \S+ does not exist|cannot find symbol|static import only from .*")
    assert [error for error in errors if not unresolved.fullmatch(error)] == []


def test_contracts_of_examples_are_the_petstores():
    """Examples that stand alone have a copy of the petstore's contract."""
    contract = (EXAMPLES / "petstore" / "openapi.yaml").read_text()
    copies = [EXAMPLES / name / "openapi.yaml" for name in ("fastapi", "react")]
    assert [copy for copy in copies if copy.read_text() != contract] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_lock_files_name_no_host(lock):
    """A lock file names versions and digests, and leaves the registry to the installer."""
    packages = json.loads(lock.read_text())["packages"]
    fetched = [
        package
        for name, package in packages.items()
        if "node_modules/" in name and not package.get("link")  # else it is in the project
    ]
    assert [package["resolved"] for package in fetched if "resolved" in package] == []
    assert all(package["integrity"].startswith("sha") for package in fetched)
