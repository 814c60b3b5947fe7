"""One line runs the programs, wherever the wheels come from."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path
from shutil import which

import pytest
import uv

ROOT = Path(__file__).parents[2]
UV = Path(uv.find_uv_bin()).parent
VERSION = version("contract-first")
pytestmark = pytest.mark.programs


def run(*command, cwd, **variables):
    """Run a command, and return how it ended; the index of packages has the wheels of `cwd`, too."""
    return subprocess.run(  # noqa: S603 -- our own commands
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ
        | {"UV_FIND_LINKS": str(cwd), "UV_CONSTRAINT": str(ROOT / "constraints.txt")}
        | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return a folder with the wheels of the two packages."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("strict-s3", "contract-first"):
        done = run(UV / "uv", "build", "-q", "--wheel", "-o", folder, ROOT / "packages" / name, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("program", ["contract-first", "strict-s3"])
def test_uvx(wheels, program):
    """`uvx NAME` runs a package that is not installed."""
    done = run(UV / "uvx", program, "--version", cwd=wheels)
    assert VERSION in done.stdout, done.stderr


@pytest.fixture(scope="module")
def npx(wheels):
    """Return the program that the npm package installs from what `npm pack` makes of it."""
    if which("npm") is None:
        pytest.skip("npm is not installed")
    packed = run("npm", "pack", "--json", ROOT / "channels" / "npm", cwd=wheels)
    assert packed.returncode == 0, packed.stderr
    (package,) = json.loads(packed.stdout)
    assert {file["path"] for file in package["files"]} == {"README.md", "contract-first.js", "package.json"}
    done = run("npm", "install", "--offline", "--no-audit", f"./{package['filename']}", cwd=wheels)
    assert done.returncode == 0, done.stderr
    return wheels / "node_modules" / ".bin" / "contract-first"


def test_npx(wheels, npx):
    """`npx contract-first` runs the Python program of its version, with its arguments and exit code."""
    path = f"{UV}{os.pathsep}{os.environ['PATH']}"
    done = run(npx, "--version", cwd=wheels, PATH=path)
    assert VERSION in done.stdout, done.stderr
    done = run(npx, "contract", "lint", "missing.yaml", cwd=wheels, PATH=path)
    assert done.returncode == 2
    assert "missing.yaml" in done.stderr


def test_npx_without_python(wheels, npx, tmp_path):
    """Where neither uv nor pipx is installed, a sentence says what to install."""
    (tmp_path / "node").symlink_to(which("node"))
    (tmp_path / "env").symlink_to(which("env"))
    done = run(npx, "--version", cwd=wheels, PATH=str(tmp_path))
    assert done.returncode == 127
    assert "install uv" in done.stderr
