"""``contract-first.toml`` holds what the commands of a project have in common."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from contract_first.cli.checking.configuration import NAME, Configuration
from contract_first.cli.option_file import MOST_BYTES, OptionFile


@pytest.fixture
def folder(pets, tmp_path, monkeypatch):
    """Return the working directory: that of a project with a contract."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "pets.json").write_text(json.dumps(pets), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder):
    """Return the configuration of a folder."""
    return Configuration.of(OptionFile.read(folder / NAME))


def git(*arguments):
    """Run git as somebody."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.test"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)  # noqa: S603, S607 -- the user's own


def test_the_file_of_the_working_directory_is_read(contract, folder):
    """Contract and options come from it, and the command says which file it read."""
    (folder / NAME).write_text('contract = "api/pets.json"\n[lint]\nsarif = "lint.sarif"\n', "utf-8")
    result = contract("lint")
    assert result.exit_code == 0
    assert result.stderr == f"Configuration: {NAME}\n"
    assert json.loads((folder / "lint.sarif").read_bytes())["version"] == "2.1.0"


def test_paths_are_relative_to_the_file(contract, folder, monkeypatch):
    """A configuration in another folder names files of its own folder."""
    (folder / NAME).write_text('contract = "api/pets.json"\n', "utf-8")
    monkeypatch.chdir(folder / "api")
    assert contract("lint", "--config", "../contract-first.toml").exit_code == 0


def test_the_command_line_wins(contract, folder, pets):
    """What is given as an option is not taken from the file."""
    del pets["paths"]["/pets/{pet_id}"]["get"]["tags"]
    (folder / "api" / "pets.json").write_text(json.dumps(pets), "utf-8")
    (folder / NAME).write_text('contract = "api/pets.json"\n[lint]\nignore = ["tag"]\n', "utf-8")
    silent, strict = contract("lint"), contract("lint", "--ignore", "example")
    assert (silent.exit_code, strict.exit_code) == (0, 1)


WRONG = {
    "[lint": "is not TOML",
    "[lint]\ncolour = 1": f"{NAME}:2: 'colour' is not an option; known are fail-on, file, ignore,",
    "[lint]\nignore = ['colour']": f"{NAME}:2: 'colour' is not one of",
    "colour = 1": f"{NAME}:1: 'colour' is not an option; known are check, collections, contract,",
    "[lint]\ncontract = 'a.json'": f"{NAME}:2: contract is for all commands: move it above the tables",
    "[[lint]]": f"{NAME}:1: expected a table, got [{{}}]",
    "[credentials]\napi_key = 1": f"{NAME}:2: Expected `str`, got `int` - at `$.credentials.api_key`",
    "[[exclude]]\ncheck = 'x'\nreason = ' '": "an exclusion has a reason, and a check, operations or both",
    f"# {'x' * MOST_BYTES}": f"has more than {MOST_BYTES} bytes",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:20])
def test_a_wrong_file_is_an_error(contract, folder, text):
    """What is wrong is named with the file, and the exit code is 2."""
    (folder / NAME).write_text(text, "utf-8")
    result = contract("lint", "api/pets.json")
    assert result.exit_code == 2
    assert WRONG[text] in " ".join(result.stderr.replace("│", "").split())


def test_a_file_that_is_not_there(contract, folder):
    """A file that is named has to exist."""
    result = contract("lint", folder / "api" / "pets.json", "--config", "other.toml")
    assert result.exit_code == 2
    assert "other.toml cannot be read: No such file or directory" in " ".join(result.stderr.split())


def test_credentials_are_named(folder):
    """The file names variables of the environment, which hold the credentials."""
    Path(NAME).write_text('[credentials]\nbearer = "TOKEN"\ncookie = "JAR"\n', "utf-8")
    credentials = read(folder).credentials.credentials({"TOKEN": " token-12345 "})
    assert (credentials.bearer, credentials.cookie) == ("token-12345", "")


def test_a_client_needs_its_variables(folder):
    """Where the secret of a client is not set, the error names the variable."""
    Path(NAME).write_text(
        '[credentials.oauth2]\ntoken_url = "http://x.test"\nclient_id = "ID"\nclient_secret = "SECRET"\n',
        "utf-8",
    )
    with pytest.raises(ValueError, match=r"^SECRET is not set, which \[credentials.oauth2\]"):
        read(folder).credentials.client({"ID": "me"})


def split(document):
    """Return a contract of two files, as texts by name."""
    pet = document["components"].pop("schemas")["Pet"]
    response = document["paths"]["/pets/{pet_id}"]["get"]["responses"]["200"]
    response["content"]["application/json"]["schema"] = {"$ref": "parts/pet.json"}
    return {"pets.json": json.dumps(document), "parts/pet.json": json.dumps(pet)}


def test_a_revision_of_several_files_is_compared(contract, folder, pets, monkeypatch):
    """``REVISION:PATH`` is read with the files it refers to, from the root or the working directory."""
    (folder / "api" / "parts").mkdir()
    for name, text in split(pets).items():
        (folder / "api" / name).write_text(text, "utf-8")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    (folder / "api" / "parts" / "pet.json").write_text('{"type": "object"}', "utf-8")
    (folder / NAME).write_text('contract = "api/pets.json"\n', "utf-8")
    result = contract("diff", "HEAD:api/pets.json")
    assert "breaking  response-property-removed" in result.stdout
    assert result.exit_code == 1
    monkeypatch.chdir(folder / "api")
    assert contract("diff", "HEAD:./pets.json", "pets.json").stdout == result.stdout


def test_a_revision_that_is_not_there(contract, folder):
    """The error of a revision or a path that git does not have says what is expected."""
    git("init", "-q")
    for place in ("HEAD~1:api/pets.json", "nothing:at all"):
        result = contract("diff", place, "api/pets.json")
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{place}: is neither a file nor one of a git revision")
    assert folder.is_dir()
