"""The notes of a release say which contract it serves."""

import hashlib
import os
import runpy
import subprocess
from importlib.metadata import version
from pathlib import Path

import yaml

from scanner_contract import load_contract

ROOT = Path(__file__).parents[2]
BUILD = runpy.run_path(str(ROOT / "tools" / "build.py"))


def test_notes():
    """They name the contract's version and digest, and what the changelog says of the version, alone."""
    contract = load_contract()
    served = contract.document["info"]["version"]
    notes = BUILD["notes"]({"version": served, "digest": contract.digest})
    assert f"version {served}, SHA-256 `{contract.digest}`" in notes
    assert "\n### contract-first\n" in notes
    assert "\n## " not in notes


def test_formula(tmp_path):
    """The formula for Homebrew names the version, and the digest of the sdist."""
    (tmp_path / "sdist").write_bytes(b"an sdist")
    text = BUILD["formula"](tmp_path / "sdist")
    assert text.startswith("class ContractFirst < Formula\n")
    assert text.count(version("contract-first")) == 3
    assert f'sha256 "{hashlib.sha256(b"an sdist").hexdigest()}"' in text
    assert "{version}" not in text


def test_bill_of_materials(tmp_path, monkeypatch):
    """A release has an SBOM of what the wheel installs with all its extras, by the lock's hashes."""
    commands = []

    def note(*command):
        commands.append([str(word) for word in command])
        if command[:2] == ("uv", "build"):
            tmp_path.mkdir(exist_ok=True)
            for name in ("scanner_api-1-any.whl", "contract_first-1.tar.gz"):
                (tmp_path / name).touch()
        return ""

    parts = BUILD["main"].__globals__
    monkeypatch.setitem(parts, "run", note)
    monkeypatch.setitem(parts, "installed", lambda *_: {"version": "", "digest": ""})
    BUILD["main"](tmp_path)
    (written,) = (command for command in commands if command[0] == "cyclonedx-py")
    assert written[-1] == str(tmp_path / "scanner_api-1-any.cdx.json")
    compiled = next(command for command in commands if "compile" in command)
    assert written[2] == compiled[compiled.index("--output-file") + 1]
    assert {"--all-extras", "--generate-hashes", "--universal"} <= set(compiled)


def test_workflow():
    """A tag's workflow tests as CI does, builds as the page says, and publishes what was attested."""
    text = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    lines = [step.get("run", step.get("uses", "")) for step in jobs["build"]["steps"]]
    assert lines.index(".ci/run") < lines.index(".venv/bin/tox -e coverage,py311,build,docs")
    assert lines[-2].startswith("actions/attest-build-provenance@")
    tag = next(line for line in lines if "GITHUB_REF_NAME" in line)
    for ref, code in ((f"v{version('contract-first')}", 0), ("v9.9.9", 1)):
        done = subprocess.run(
            ["/bin/bash", "-c", tag], cwd=ROOT, env=os.environ | {"GITHUB_REF_NAME": ref}, check=False
        )
        assert done.returncode == code


def test_page():
    """docs/releasing.md is about this way to release."""
    page = (ROOT / "docs" / "releasing.md").read_text()
    assert "tox -e build" in page
    assert "notes.md" in page
