"""The image of the S3 alone, and the recipes for it: linted, and what runs in them is run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from strict_s3.startup.environment import without_meaning

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "s3"
PAGE = (ROOT / "docs" / "s3-containers.md").read_text()
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["s3"]


def block(language: str) -> str:
    """Return the block of the page in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_image():
    """It has no rights, a health check that the program has, and variables that are options."""
    body = DOCKERFILE[DOCKERFILE.index(" AS strict-s3\n") :]
    assert re.search(r"^USER 10001:10001$", body, re.MULTILINE)
    assert 'CMD ["strict-s3", "health"]' in body
    variables = dict(re.findall(r"(STRICT_S3_\w+)=(\S+)", body))
    assert variables["STRICT_S3_DATA"] == "/data"
    assert [*without_meaning(variables)] == []


def test_compose_is_hardened():
    """It cannot write its root or gain rights; its variables mean something."""
    assert (COMPOSE["read_only"], COMPOSE["cap_drop"]) == (True, ["ALL"])
    assert COMPOSE["security_opt"] == ["no-new-privileges:true"]
    assert [*without_meaning(COMPOSE["environment"])] == []


@pytest.mark.parametrize("schema", ["compose-spec", "github-workflows"])
def test_linted(schema, tmp_path):
    """The schemas of Compose and of GitHub's workflows find nothing."""
    if "TOX_ENV_NAME" not in os.environ and shutil.which("check-jsonschema") is None:
        pytest.skip("only tox installs the group deploy")
    file = tmp_path / "linted.yaml"
    file.write_text((FOLDER / "compose.yaml").read_text() if "compose" in schema else block("yaml"))
    command = ["check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_recipes_parse(tmp_path):
    """Python and JavaScript are that, and all recipes wait for the same path."""
    compile(block("python"), "recipe.py", "exec")
    file = tmp_path / "recipe.mjs"
    file.write_text(block("javascript"))
    if node := shutil.which("node"):
        subprocess.run([node, "--check", file], check=True)
    assert all('"/healthz"' in block(language) for language in ("python", "javascript", "java"))


def test_the_feature(tmp_path):
    """Its script installs what its options name, and starts S3 unless it runs."""
    feature = json.loads((FOLDER / "feature" / "devcontainer-feature.json").read_text())
    assert feature["postStartCommand"] == "/usr/local/lib/strict-s3/start"
    prefix, programs = tmp_path / "prefix", tmp_path / "programs"
    for folder in (prefix / "bin", programs):
        folder.mkdir(parents=True)
    calls = tmp_path / "calls"
    for program in (programs / "python3", prefix / "bin" / "pip", prefix / "bin" / "strict-s3"):
        program.write_text(
            f'#!/bin/sh\necho "{program.name} $STRICT_S3_BUCKET $*" >> "{calls}"\ntest "$1" != health\n'
        )
        program.chmod(0o755)
    variables = {"PREFIX": str(prefix), "SOURCE": "strict-s3==0.3.0", "BUCKET": "a,b"}
    environment = {**variables, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run([str(FOLDER / "feature" / "install.sh")], check=True, env=environment)
    script = (prefix / "start").read_text().replace("/tmp/strict-s3.log", str(tmp_path / "log"))  # noqa: S108 -- the container's
    subprocess.run(["/bin/sh", "-c", f"{script}\nwait"], check=True)
    assert calls.read_text().splitlines() == [
        f"python3  -m venv {prefix}",
        "pip  install --no-cache-dir strict-s3==0.3.0",
        "strict-s3  health",
        "strict-s3 a,b ",
    ]


def test_the_example_prepares_an_s3():
    """What compose.yaml mounts runs against a running S3, as the image runs it."""
    command = [sys.executable, "-m", "strict_s3", "--port", "0", "--public", "--json"]
    options = ["--init", str(FOLDER / "init"), "--bucket", "photos"]
    code = "import httpx2, sys; print(httpx2.get(sys.argv[1] + '/photos/welcome.txt').text)"
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            url = json.loads(process.stdout.readline())["s3"]
            read = subprocess.run(
                [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
            )
        finally:
            process.terminate()
    assert read.stdout.startswith("welcome")
