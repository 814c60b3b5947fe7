"""Builds what is released into dist/, and checks it: ``tox -e build``.

Of each distribution the sdist and the wheel that is made from it, and of ``scanner-api``, which installs the
others, an SBOM (CycloneDX) and the notes of the release; the packages for npm and Homebrew, which run
``contract-first``. The sdists are installed in a fresh environment, by
the lock's hashes, and have to run there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FOLDERS = {
    "strict-s3": ROOT / "packages" / "strict-s3",
    "contract-first": ROOT / "packages" / "contract-first",
    "scanner-api": ROOT,
}
"""The folder of each distribution, each after those that it requires."""
CHANNELS = ROOT / "channels"
LOCK = ROOT / "constraints-hashed.txt"


def main(folder: Path = ROOT / "dist") -> None:
    """Build into a folder, which is emptied before.

    Raises:
        CalledProcessError: a step failed; its output says why.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for source in FOLDERS.values():
        run("uv", "build", "--quiet", "--build-constraints", LOCK, "--out-dir", folder, source)
    (folder / ".gitignore").unlink(missing_ok=True)
    run("twine", "check", "--strict", *folder.glob("*.tar.gz"), *folder.glob("*.whl"))
    with tempfile.TemporaryDirectory() as scratch:
        bill_of_materials(Path(scratch), next(folder.glob("scanner_api*.whl")).with_suffix(".cdx.json"))
        contract = installed(Path(scratch) / "venv", folder)
    (folder / "notes.md").write_text(notes(contract))
    (folder / "contract-first.rb").write_text(formula(next(folder.glob("contract_first-*.tar.gz"))))
    if shutil.which("npm"):
        run("npm", "pack", "--silent", "--pack-destination", folder, CHANNELS / "npm")
    print("\n".join(sorted(file.name for file in folder.iterdir())))  # noqa: T201 -- a command of the developer's


def bill_of_materials(scratch: Path, file: Path) -> None:
    """Write an SBOM of what the wheel with all its extras installs: versions and hashes of the lock."""
    locked = scratch / "requirements.txt"
    run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--all-extras"),
        *("--no-annotate", "--no-header", "--no-emit-index-url", "--generate-hashes"),
        *(word for name in FOLDERS for word in ("--no-emit-package", name)),
        *("--constraint", ROOT / "constraints.txt", "--output-file", locked, ROOT / "pyproject.toml"),
    )
    run(
        *("cyclonedx-py", "requirements", locked, "--pyproject", ROOT / "pyproject.toml"),
        *("--mc-type", "application", "--output-reproducible", "--output-file", file),
    )


def installed(environment: Path, folder: Path) -> dict[str, str]:
    """Install the sdists in a fresh environment, and return what the installed contract says of itself."""
    run("uv", "venv", "--quiet", environment)
    programs = environment / "bin"
    sdists = [next(folder.glob(f"{name.replace('-', '_')}-*.tar.gz")).as_uri() for name in FOLDERS]
    extras = ["", "[s3]", "[mock]"]
    run(
        *("uv", "pip", "install", "--quiet", "--python", programs / "python"),
        *("--constraint", LOCK, "--build-constraints", LOCK),
        *(f"{name}{extra} @ {sdist}" for name, extra, sdist in zip(FOLDERS, extras, sdists, strict=True)),
    )
    for name in FOLDERS:
        version = run(programs / name, "--version").strip()
        if PROJECT["version"] not in version:
            raise SystemExit(f"The sdist of {name} installs {version}; expected {PROJECT['version']}.")
    program = programs / "scanner-api"
    contract = json.loads(run(program, "contract", "show", "--format", "json"))
    return {"version": contract["info"]["version"], "digest": run(program, "contract", "digest").strip()}


def formula(sdist: Path) -> str:
    """Return the formula for Homebrew of a release with this sdist."""
    template = (CHANNELS / "homebrew" / "contract-first.rb").read_text()
    _, _, text = template.partition("\n")
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    return text.replace("{version}", PROJECT["version"]).replace("{sha256}", digest)


def notes(contract: dict[str, str]) -> str:
    """Return the notes of the release: the contract that it serves, and what is new."""
    title = f"# {PROJECT['name']} {PROJECT['version']}"
    digest = f"SHA-256 `{contract['digest']}` (`scanner-api contract digest`)"
    served = f"Contract: version {contract['version']}, {digest}."
    return f"{title}\n\n{served}\n\n{changelog_of(PROJECT['version'])}\n"


def changelog_of(version: str) -> str:
    """Return what the changelog says of a version."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    _, found, rest = changelog.partition(f"\n## [{version}]")
    if not found:
        raise SystemExit(f"CHANGELOG.md has no section {version}.")
    return rest.partition("\n")[2].partition("\n## [")[0].strip()


def run(*command: object) -> str:
    """Run a command of this environment, and return its output."""
    arguments = [str(each) for each in command]
    return subprocess.run(arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 -- no argument comes from elsewhere


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
