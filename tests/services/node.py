"""Node.js projects and Chromium for tests: fixtures, to be taken into a conftest."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

INSTALL_SECONDS = 240
CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
"""Of a Chromium that runs as root, and talks to nobody but the page."""
UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH")


@pytest.fixture(scope="session")
def npm_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Return what copies a project to where it can run: with all that its lock file names."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm, which is not on this machine")

    def copied(project: Path) -> Path:
        copy = tmp_path_factory.mktemp(project.name) / project.name
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("node_modules"))
        folder = installed(project)
        for modules in (*folder.glob("node_modules"), *folder.glob("*/node_modules")):  # of workspaces too
            (copy / modules.relative_to(folder)).symlink_to(modules)
        return copy

    return copied


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the machine's Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("needs Chromium, which is not on this machine")
    return found


def installed(project: Path) -> Path:
    """Return a folder where what a lock file names is installed: once for ever, and by one process."""
    lock = (project / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "scanner-api" / "npm"
    folder = cache / hashlib.sha256(lock).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            install(project, folder)
            (folder / "done").touch()
    return folder


def install(project: Path, folder: Path) -> None:
    """Install exactly what the lock file names; skip if the registry cannot be reached."""
    for path in (*project.glob("package*.json"), *project.glob("*/package.json")):
        (folder / path.relative_to(project)).parent.mkdir(exist_ok=True)
        shutil.copy(path, folder / path.relative_to(project))
    finished = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"],  # noqa: S607 -- wherever it is
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    if any(code in finished.stderr for code in UNREACHABLE):
        pytest.skip("needs packages from npm's registry, which cannot be reached")
    assert finished.returncode == 0, finished.stderr
