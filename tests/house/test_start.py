"""What a start does not import: what takes long, and serves nothing before the first request for it."""

import os
import re
import subprocess
import sys

import pytest

NEEDLESS = {
    *(
        "PIL",
        "alembic",
        "click",
        "connexion.security",
        "flask",
        "jinja2",
        "contract_first.contract.comparison",
    ),
    *("openapi_core", "pygments", "rich", "sqlalchemy.orm", "starlette.testclient", "zxingcpp"),
}
STARTS = {
    "scanner_api serve": {"boto3", "moto", "contract_first.mock.server", "requests", "werkzeug"},
    "scanner_api mock --json --s3-port 0": {"botocore", "moto", "requests", "urllib3"},
    "contract_first s3 --json --control-port 0": {
        *(
            "boto3",
            "connexion",
            "cryptography",
            "moto.core.models",
            "moto.iam",
            "contract_first.contract.loading",
        ),
        *("responses", "s3transfer", "sqlalchemy"),
    },
}
"""The commands, and what else each of them does not import."""


@pytest.mark.parametrize("command", STARTS)
def test_start_imports_none_of_them(command, tmp_path):
    """No command imports what it does not need before it says that it is ready."""
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    environment |= {"SCANNER_DATABASE_URL": "sqlite+aiosqlite://", "SCANNER_LAME_DUCK_SECONDS": "0"}
    start = [sys.executable, "-X", "importtime", "-m", *command.split(), "--port", "0"]
    with (tmp_path / "imports").open("w") as errors:
        process = subprocess.Popen(
            start, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        with process:
            ready = process.stdout.readline()
            imports = (
                tmp_path / "imports"
            ).read_text()  # opened again: the process shares the other's offset
            process.terminate()
    assert ready, imports
    names = set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", imports, re.MULTILINE))
    assert {"typing", "typer"} <= names
    assert names & (NEEDLESS | STARTS[command]) == set()


def test_s3_starts_before_what_is_large():
    """The mock starts the process of S3 first, and imports the service while that starts."""
    code = "import sys, scanner_mocks.cli.mock, scanner_mocks.server; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"connexion", "pydantic_settings", "sqlalchemy"} & set(shown.split()) == set()
