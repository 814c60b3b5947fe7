"""An error that a page of the documentation explains names it."""

import pytest
from typer.testing import CliRunner

from contract_first import distribution
from contract_first.cli.tree import app

INVALID = '{"openapi": "3.1.0"}'


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Return what runs a command in an empty folder, and returns its standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2, result.output
        return result.stderr

    return run


def test_an_error_names_its_page(refused, tmp_path):
    """A contract that is refused leads to the page about contracts, as a file of a clone."""
    (tmp_path / "api.json").write_text(INVALID)
    assert refused("contract", "show", "--strict", "api.json").endswith("\nSee docs/contracts.md\n")


def test_a_release_names_urls(refused, monkeypatch):
    """A release sets the base; an anchor is behind the page."""
    monkeypatch.setattr(distribution, "DOCUMENTATION", "https://docs.test/{page}.html")
    expected = "\nSee https://docs.test/service.html#from-the-command-line\n"
    assert refused("serve").endswith(expected)


def test_a_file_of_options_names_its_page(refused, tmp_path):
    """What is wrong in a file is explained where the file is."""
    (tmp_path / "mock.toml").write_text("prot = 8000\n")
    assert "See docs/mock.md#one-file-mocktoml" in refused("mock")


def test_what_needs_no_page_names_none(refused):
    """A file that does not exist is explained by the sentence alone."""
    assert "See " not in refused("contract", "show", "missing.yaml")
