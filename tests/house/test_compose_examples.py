"""The image for any contract, and the Compose examples: what they run is run, in their folder."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from strict_s3.startup.environment import without_meaning

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "compose"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
IMAGE = DOCKERFILE.partition(" AS contract-first\n")[2]
ENTRYPOINT = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", IMAGE, re.MULTILINE)[1])
FILES = {str(path.relative_to(FOLDER)): yaml.safe_load(path.read_text()) for path in FOLDER.glob("*/*.yaml")}
SERVICES = {
    f"{name}: {service}": (FOLDER / name, definition)
    for name, document in FILES.items()
    for service, definition in document.get("services", {}).items()
}
OURS = {name: item for name, item in SERVICES.items() if "build" in item[1]}
BINARIES = Path(sys.executable).parent
VERSION = re.search(r"^ARG VERSION=(.*)$", DOCKERFILE, re.MULTILINE)[1]
HELP = subprocess.run(
    [BINARIES / "contract-first", "mock", "--help"],
    env={**os.environ, "COLUMNS": "200"},
    capture_output=True,
    text=True,
    check=True,
).stdout
"""What the command says of its options and variables."""


def printed(command, folder, **variables):
    """Return the line of JSON that a program prints once it responds."""
    environment = {**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}", **variables}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            line = process.stdout.readline()
        finally:
            process.terminate()
        return json.loads(line) if line else pytest.fail(process.stderr.read())


def words_of(service):
    """Return the command of a service as words."""
    command = service.get("command", [])
    return shlex.split(command) if isinstance(command, str) else command


def image_runs(words, folder, **variables):
    """Return what the image prints for words, at a free port of this machine."""
    command = [part.replace("0.0.0.0", "127.0.0.1 --port 0 --json") for part in ENTRYPOINT]  # noqa: S104 -- not listened on
    words = [word for word in words if word not in {"--host", "0.0.0.0"}]  # noqa: S104 -- the same
    return printed([*command, *words, *(["--port", "0", "--json"] if words else [])], folder, **variables)


@pytest.mark.parametrize(
    "options",
    [None, "mock.toml", "contract-first.toml"],
)
def test_the_image_in_a_folder(options, tmp_path):
    """Without a command it mocks openapi.yaml, or what a file of options names."""
    contract = tmp_path / ("pets.yaml" if options else "openapi.yaml")
    shutil.copy(FOLDER / "mock" / "openapi.yaml", contract)
    if options:
        table = "[services.pets]\n" if options == "contract-first.toml" else ""
        (tmp_path / options).write_text(f'{table}contract = "pets.yaml"\n')
    assert image_runs([], tmp_path)["control"].startswith("http://127.0.0.1:")


def test_an_unknown_option_of_the_image(tmp_path):
    """What the image would refuse fails the tests of this module."""
    shutil.copy(FOLDER / "mock" / "openapi.yaml", tmp_path)
    with pytest.raises(pytest.fail.Exception, match="--renamed"):
        image_runs(["mock", "openapi.yaml", "--renamed"], tmp_path)


@pytest.mark.parametrize(
    "name",
    OURS,
)
def test_services_run(name, tmp_path):
    """The program has each option and variable, and responds with what stands beside the file."""
    path, service = OURS[name]
    target = service["build"]["target"]
    assert service["image"] == f"{target}:{VERSION}"
    assert (path.parent / service["build"]["context"]).resolve() == ROOT
    variables = {key: str(value) for key, value in service["environment"].items()}
    words = words_of(service)
    if target == "strict-s3":
        assert [*without_meaning(variables)] == []
        words = [word.replace("/data", str(tmp_path)) for word in words]
        command = ["strict-s3", *words, "--json"]
        assert printed(command, path.parent, **variables, STRICT_S3_PORT="0")["s3"]
    else:
        assert set(variables) <= set(re.findall(r"env var: *(\w+)", HELP))
        assert image_runs(words, path.parent, **variables)["control"]


def test_minio_before_and_after():
    """Command, variables, ports and volumes of MinIO stay as they are."""
    before, after = (dict(FILES[f"minio/{name}.yaml"]["services"]["s3"]) for name in ("before", "after"))
    assert before.pop("image") == "minio/minio"
    assert after.pop("image").startswith("strict-s3:")
    del after["build"]
    assert before == after


def test_linted():
    """The schema of Compose finds nothing."""
    if "TOX_ENV_NAME" not in os.environ and shutil.which("check-jsonschema") is None:
        pytest.skip("only tox installs the group deploy")
    command = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    command += [str(FOLDER / name) for name in FILES if "services" in FILES[name]]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
