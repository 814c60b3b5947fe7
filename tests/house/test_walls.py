"""The walls of pyproject.toml stop what they are there to stop."""

import os
import re
import shutil
import subprocess

from .conftest import ROOT, SOURCE_ROOTS

TOOLKIT, S3 = "packages/contract-first/src/contract_first", "packages/strict-s3/src/strict_s3"
IMPORTS = [
    (f"{TOOLKIT}/contract/loading.py", "import contract_first.service.clock", "The toolkit: commands"),
    (f"{TOOLKIT}/check/target.py", "import contract_first.mock", "The toolkit: commands"),
    (f"{TOOLKIT}/service/edge.py", "import contract_first.check", "The toolkit: commands"),
    (f"{TOOLKIT}/service/messages/request.py", "import scanner_api.settings", "Packages:"),
    (f"{TOOLKIT}/contract/document/pointers.py", "import contract_first.contract.reading", "A contract:"),
    (f"{TOOLKIT}/service/http/turns.py", "import contract_first.service.observe.logs", "A service:"),
    (f"{TOOLKIT}/check/reports/report.py", "import contract_first.check.run", "A check:"),
    (f"{TOOLKIT}/generation/values.py", "import contract_first.mock.responses", "The toolkit: commands"),
    (f"{TOOLKIT}/mock/journal/journal.py", "import contract_first.mock.responses", "A mock:"),
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
    ("handlers/scanner_api/storage/database.py", "import starlette", "Storage serves no"),
    ("handlers/scanner_api/access/callers.py", "import scanner_api.operations", "Access asks stores"),
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
]
"""A module, an import that is added to it, and how the name of the wall begins that this violates."""


CIRCLE = (f"{TOOLKIT}/mock/journal/journal.py", "import contract_first.mock.server", "Nothing imports itself")


def violations(folder, imports):
    """Return what import-linter says of the source with these imports, by the name of the wall."""
    for top in SOURCE_ROOTS:
        shutil.copytree(ROOT / top, folder / top)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for module, line, _ in imports:
        assert (folder / module).is_file(), module
        with (folder / module).open("a") as source:
            source.write(f"\n{line}\n")
    paths = os.pathsep.join(str(folder / top) for top in SOURCE_ROOTS)
    command = ["lint-imports", "--no-logo", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": paths, "COLUMNS": "200"}
    linted = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert linted.returncode == 1, linted.stderr
    _, *parts = re.split(r"^(\S.*)\n-{5,}\n", linted.stdout, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_walls_stop_imports(tmp_path):
    """Each import through a wall is a violation of that wall by itself, without a chain of others."""
    texts = violations(tmp_path, IMPORTS)
    passed = []
    for module, line, wall in IMPORTS:
        path = next(module.removeprefix(f"{top}/") for top in SOURCE_ROOTS if module.startswith(f"{top}/"))
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        link = rf"^- +{re.escape(name)} -> {re.escape(line.removeprefix('import '))} \(.*\)\n(?! )"
        stopped = [title for title, text in texts.items() if re.search(link, text, re.MULTILINE)]
        if not any(title.startswith(wall) for title in stopped):
            passed.append((module, line, wall))
    assert passed == []


def test_a_circle_is_stopped(tmp_path):
    """Rooms that import each other are one, whichever import closes the circle."""
    assert any(title.startswith(CIRCLE[2]) for title in violations(tmp_path, [CIRCLE]))
