"""Each health check below deploy/, and of new projects, run beside the program that it is for."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
PETSTORE = ROOT / "examples" / "petstore"
BINARIES = Path(sys.executable).parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
SECONDS = 60
"""How long a container may take to be healthy, by its start period."""


def of_image(target, dockerfile=DOCKERFILE):
    """Return the words of an image's health check."""
    body = dockerfile.partition(f" AS {target}\n")[2] if target else dockerfile
    check = re.search(r"^HEALTHCHECK (?:--\S+ |\\\n|\s)*CMD (\[.*\])$", body, re.MULTILINE)
    return yaml.safe_load(check[1])


def of_service(name):
    """Return the words of a service's health check."""
    return COMPOSE[name]["healthcheck"]["test"][1:]


SERVE = "contract-first serve --app petstore.app:create_app --port 8000"
S3 = "scanner-api s3 --port 0 --control-port 9001"
# the program with the port that is checked, the check, variables
CHECKS = {
    "contract-first, mock": (
        f"contract-first mock {PETSTORE}/openapi.yaml --port 8000",
        of_image("contract-first"),
    ),
    "contract-first, serve": (SERVE, of_image("contract-first")),
    "strict-s3": ("strict-s3", of_image("strict-s3")),
    "scanner-api": ("scanner-api serve", of_image("scanner-api")),
    "scanner-mock": ("scanner-api mock --port 8000 --s3-port 0", of_image("scanner-mock")),
    "serve of Compose": ("scanner-api serve", of_service("serve")),
    "s3 of Compose": (S3, of_service("s3")),
}


def test_a_new_project_has_the_check_of_the_image():
    """What is proved of the image that serves handlers is proved of the example."""
    assert of_image("", (PETSTORE / "Dockerfile").read_text()) == of_image("contract-first")


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def is_listening(port):
    """Return whether a program listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(port))) == 0


def checked(words, environment):
    """Run a health check; return its exit code."""
    finished = subprocess.run(words, env=environment, capture_output=True, check=False, timeout=SECONDS)
    return finished.returncode


@pytest.mark.programs
@pytest.mark.parametrize("name", CHECKS)
def test_health_checks(name, tmp_path):
    """What is checked is unhealthy before it runs, and healthy once it does."""
    command, check = CHECKS[name]
    port = free_port()
    environment = {
        **os.environ,
        **CREDENTIALS,
        "PATH": f"{BINARIES}:{os.environ['PATH']}",
        "PYTHONPATH": str(PETSTORE / "src"),
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
        "SCANNER_LAME_DUCK_SECONDS": "0",
        "SCANNER_PORT": port,
        "STRICT_S3_PORT": port,
        "NO_PROXY": "127.0.0.1",
    }
    words, asking = (
        [re.sub(r"\b(8000|9001)\b", port, word) for word in each] for each in (shlex.split(command), check)
    )
    assert checked(asking, environment) == 1
    with subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        try:
            ends = time.monotonic() + SECONDS
            while not is_listening(port) and process.poll() is None and time.monotonic() < ends:
                time.sleep(0.05)  # to ask costs a start of Python
            while (
                (code := checked(asking, environment)) and process.poll() is None and time.monotonic() < ends
            ):
                time.sleep(0.2)
        finally:
            process.terminate()
    assert code == 0
