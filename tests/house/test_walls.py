"""The walls of pyproject.toml stop what they are there to stop."""

import os
import shutil
import subprocess

import pytest

from .conftest import ROOT, SOURCE_ROOTS


def lint(folder):
    """Return what import-linter says of the packages in a folder."""
    paths = os.pathsep.join(str(folder / top) for top in SOURCE_ROOTS)
    command = ["lint-imports", "--no-logo", "--no-cache"]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


TOOLKIT, S3 = "packages/contract-first/src/contract_first", "packages/strict-s3/src/strict_s3"


@pytest.mark.parametrize(
    ("module", "line", "wall"),
    [
        (f"{TOOLKIT}/contract/loading.py", "import contract_first.service.clock", "The toolkit: commands"),
        (f"{TOOLKIT}/check/target.py", "import contract_first.mock", "The toolkit: commands"),
        (f"{TOOLKIT}/service/edge.py", "import contract_first.check", "The toolkit: commands"),
        (f"{TOOLKIT}/service/messages/request.py", "import scanner_api.settings", "Packages:"),
        (f"{TOOLKIT}/contract/document/pointers.py", "import contract_first.contract.reading", "A contract:"),
        (f"{TOOLKIT}/service/http/turns.py", "import contract_first.service.observe.logs", "A service:"),
        (f"{TOOLKIT}/check/reports/report.py", "import contract_first.check.run", "A check:"),
        (f"{TOOLKIT}/generation/values.py", "import contract_first.mock.responses", "The toolkit: commands"),
        (f"{TOOLKIT}/mock/journal/journal.py", "import contract_first.mock.responses", "A mock:"),
        (f"{TOOLKIT}/mock/journal/journal.py", "import contract_first.mock.server", "Nothing imports itself"),
        (f"{TOOLKIT}/mock/application.py", "import strict_s3.server", "The toolkit needs no S3"),
        (f"{S3}/messages/cors.py", "import contract_first.mock", "Packages:"),
        (f"{S3}/messages/xml.py", "import strict_s3.store", "S3: from"),
        (f"{S3}/app.py", "import starlette", "S3 knows no contract"),
        ("handlers/scanner_api/settings.py", "import contract_first.check", "The service runs without"),
        ("handlers/scanner_api/settings.py", "import scanner_mocks", "Packages:"),
        ("handlers/scanner_api/scanning/scans/sessions.py", "import starlette", "The domain is free"),
        ("handlers/scanner_api/operations/__init__.py", "import connexion", "Connexion only"),
        ("handlers/scanner_api/access/callers.py", "import sqlalchemy", "SQL only"),
        ("handlers/scanner_api/settings.py", "import boto3", "boto3 and botocore only"),
        (f"{TOOLKIT}/service/clock.py", "import moto", "moto only"),
        ("handlers/scanner_api/processing/queue.py", "import scanner_api.access", "Processing serves no"),
        ("handlers/scanner_api/storage/paging.py", "import starlette", "Storage serves no"),
        ("handlers/scanner_api/access/reach.py", "import scanner_api.operations", "Access asks stores"),
        ("handlers/scanner_api/settings.py", "import scanner_api.operations", "The Scanner's rooms"),
        (
            "handlers/scanner_api/storage/schema/tables.py",
            "import scanner_api.storage.database",
            "The rooms of storage",
        ),
        (
            "handlers/scanner_api/scanning/photos/photo.py",
            "import scanner_api.scanning.scans",
            "The rooms of the domain",
        ),
    ],
)
def test_wall_stops_an_import(tmp_path, module, line, wall):
    """An import through a wall is found, and named by the wall that it breaks."""
    for top in SOURCE_ROOTS:
        shutil.copytree(ROOT / top, tmp_path / top)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as source:
        source.write(f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert any(wall in shown and "BROKEN" in shown for shown in result.stdout.splitlines())
