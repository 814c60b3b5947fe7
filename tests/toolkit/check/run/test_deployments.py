"""What this project serves passes its own check: the service, the mock, and the mock of another contract."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from contract_first.check import Credentials, check_app, check_url
from contract_first.mock.pipeline.app import contract_app
from scanner_api.app import create_app
from scanner_api.cli import app as commands
from scanner_api.settings import Settings
from scanner_contract import load_contract
from scanner_mocks import scanner_mock, seeds
from scanner_mocks.checks import PRESET

pytestmark = pytest.mark.programs

SMALL = {"max_examples": 1, "seed": 20261124}
STORIES = {**SMALL, "phases": ("examples", "fuzzing", "stateful")}
"""Without the phase that tries the limits of values: the mock, which is the same service, gets that."""
NO_LIMIT = 10**9
OTHER = {
    "openapi": "3.1.0",
    "info": {"title": "Library", "version": "2"},
    "paths": {
        "/books/{isbn}": {
            "parameters": [{"in": "path", "name": "isbn", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "responses": {
                    "200": {"$ref": "#/components/responses/book"},
                    "4XX": {"$ref": "#/components/responses/problem"},
                }
            },
            "put": {
                "security": [{"key": []}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
                "responses": {
                    "200": {"$ref": "#/components/responses/book"},
                    "4XX": {"$ref": "#/components/responses/problem"},
                },
            },
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "responses": {
            "problem": {
                "description": "A problem of no kind of its own (RFC 9457)",
                "content": {
                    "application/problem+json": {"schema": {"type": "object", "required": ["type", "status"]}}
                },
            },
            "book": {
                "description": "A book",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["title"],
                            "properties": {"title": {"type": "string"}},
                        }
                    }
                },
            },
        },
    },
}


def assert_kept(report):
    """Assert that a check found nothing, and tried every operation."""
    assert (report.findings, report.troubles) == ([], [])
    assert report.exit_code == 0
    assert all(tested.total for operation, tested in report.operations.items() if operation)


@pytest.fixture(scope="module")
def roomy_mock():
    """Run a mock whose rate limits no check reaches."""
    with scanner_mock(rate_limit_per_minute=NO_LIMIT, rate_limit_per_day=NO_LIMIT) as mock:
        yield mock


def test_the_mock_conforms_to_the_contract(roomy_mock):
    """With every credential, all checks in all phases find nothing wrong with the mock."""
    credentials = Credentials(
        api_key=roomy_mock.keys["unlimited"],
        other_api_key=roomy_mock.keys["other_organization"],
        bearer=roomy_mock.bearer_token,
        cookie=roomy_mock.sessionid,
    )
    report = check_url(roomy_mock.api, credentials=credentials, **PRESET, **SMALL)
    assert_kept(report)
    assert report.left_out == {}


def test_the_service_conforms_to_the_contract(roomy_mock, tmp_path, monkeypatch):
    """The service itself, as it is served, on a database of its own, passes as an ASGI app."""
    for name, value in {
        "ACCESS_KEY_ID": seeds.S3_ACCESS_KEY,
        "SECRET_ACCESS_KEY": seeds.S3_SECRET_KEY,
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    database = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    create = ["keys", "create", "--quiet", "--database-url", database, "--organization", seeds.ORGANIZATION]
    key = CliRunner().invoke(commands, create).stdout.strip()
    settings = Settings(
        database_url=database,
        s3_bucket=roomy_mock.bucket,
        s3_region=roomy_mock.region,
        s3_endpoint_url=roomy_mock.s3,
        rate_limit_per_minute=NO_LIMIT,
        rate_limit_per_day=NO_LIMIT,
    )
    report = check_app(create_app(settings), credentials=Credentials(api_key=key), **PRESET, **STORIES)
    assert_kept(report)


def test_the_mock_of_another_contract_keeps_that(tmp_path):
    """What responds to any contract passes the check of that contract, without checks of what it has not."""
    file = tmp_path / "library.json"
    file.write_text(json.dumps(OTHER))
    app = contract_app(load_contract(file))
    report = check_app(app, credentials=Credentials(api_key="any-will-do"), **SMALL)
    assert_kept(report)
    assert "rate_limit_headers" in report.left_out
    assert "problem_details" in report.checks
    untried = "wrong: untried, the server is a mock that accepts any credential"
    assert untried in report.notes["security_alternatives"]
