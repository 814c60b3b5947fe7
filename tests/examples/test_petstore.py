"""The petstore of the examples: what ``contract new`` wrote, with handlers; served, mocked and checked."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

pytestmark = pytest.mark.programs

PETSTORE = Path(__file__).parents[2] / "examples" / "petstore"
HANDLERS = {"src/petstore/operations/pets.py"}
SCRIPT = Path(sys.executable).with_name("contract-first")
SERVED = ("serve", "--port", "0", "--app", "petstore.app:create_app")
SECRET = "for-development-only"
CREDENTIALS = {"CHECK_API_KEY": SECRET, "CHECK_BEARER": SECRET}


def run(*command, **environment):
    """Run a command in the petstore's folder, and return what it printed; it ends with 0."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(  # noqa: S603 -- our own commands
        command, cwd=PETSTORE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_what_new_writes(tmp_path):
    """All but handlers is as it was written."""
    arguments = ["contract", "new", str(PETSTORE / "openapi.yaml"), "--into", str(tmp_path / "petstore")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    for path in (path for path in (tmp_path / "petstore").rglob("*.*") if path.is_file()):
        place = str(path.relative_to(tmp_path / "petstore"))
        if place not in HANDLERS:
            assert (PETSTORE / place).read_text() == path.read_text(), place


def test_its_types_are_the_contracts():
    """The types are what ``contract types`` prints, as the formatter leaves it."""
    printed = CliRunner().invoke(
        contract_first.cli.tree.app, ["contract", "types", str(PETSTORE / "openapi.yaml")]
    )
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "110", "-"]
    done = subprocess.run(command, input=printed.stdout, capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert (PETSTORE / "src" / "petstore" / "contract_types.py").read_text() == done.stdout


def test_its_own_tests():
    """The second command of its README passes."""
    assert " passed" in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_it_is_served_and_checked():
    """Served by the first command of its README, it conforms to its contract."""
    with subprocess.Popen(  # noqa: S603 -- our own command
        [SCRIPT, *SERVED], cwd=PETSTORE / "src", stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            output = run(SCRIPT, "check", url, "--max-examples", "5", **CREDENTIALS)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert "security alternatives" in output


@pytest.mark.parametrize(
    ("host", "secret", "status"),
    [
        ("127.0.0.1", None, 201),
        ("::1", None, 201),
        ("0.0.0.0", None, 401),  # noqa: S104 -- what is refused
        ("::", None, 401),
        ("0.0.0.0", "a-secret-of-its-own", 201),  # noqa: S104 -- the same
    ],
)
def test_the_secret_for_development_is_for_loopback(host, secret, status):
    """Where it listens beyond, everybody knows it: it is refused, on whichever address, with what to set."""
    environment = {**os.environ, **({"PETSTORE_SECRET": secret} if secret else {})}
    with subprocess.Popen(  # noqa: S603 -- our own command
        [SCRIPT, *SERVED, "--host", host],
        cwd=PETSTORE / "src",
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            port = process.stdout.readline().split(" on ")[1].split()[0].rpartition(":")[2]
            url = f"http://[::1]:{port}" if ":" in host else f"http://127.0.0.1:{port}"
            pet, key = {"name": "Rex", "kind": "dog"}, {"X-API-Key": secret or SECRET}
            response = httpx2.post(f"{url}/pets", json=pet, headers=key, trust_env=False)
        finally:
            process.terminate()
    assert response.status_code == status, response.text
    assert ("set PETSTORE_SECRET" in response.text) is (status == 401)


def test_its_mock_is_checked():
    """So does its mock, which takes any credential."""
    check = f'"{SCRIPT}" check "$MOCK_API_URL" --max-examples 5'
    run(SCRIPT, "mock", "exec", "--contract", "openapi.yaml", "--", "sh", "-c", check, **CREDENTIALS)
