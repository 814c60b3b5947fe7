"""``scanner-api worker``, as far as it does not get to work."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app


@pytest.fixture
def run(tmp_path):
    """Return what runs the command with a database and credentials of its own."""

    def invoke(*arguments):
        url = f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        return CliRunner().invoke(app, ["worker", "--database-url", url, *arguments], env=keys)

    return invoke


def test_a_queue_in_memory_needs_no_worker(run):
    """Without a queue in Redis the settings are wrong, and the command says what to set."""
    outcome = run()
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("A worker needs a queue in Redis (queue_url): set --queue-url")


def test_bedrock_needs_a_model(run):
    """Without one the settings are wrong, and the command says what to set."""
    outcome = run("--queue-url", "redis://127.0.0.1:9/0", "--extractor", "bedrock")
    assert outcome.exit_code == 2
    assert "(bedrock_model): set --bedrock-model" in outcome.stderr


def test_a_redis_that_does_not_respond_is_reported(run):
    """A Redis that is not there ends the command, which shows nothing of the URL."""
    outcome = run("--queue-url", "redis://:secret@127.0.0.1:9/0")
    assert outcome.exit_code == 2
    assert outcome.stderr == "Cannot start: The Redis of the queue (queue_url) does not respond.\n"
