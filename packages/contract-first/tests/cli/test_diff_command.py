"""``contract-first contract diff`` tells what changed, and its exit code says whether that breaks clients."""

import json
import os
from xml.etree import ElementTree as ET

import pytest

from contract_first.contract.comparison import effort

PET = "/components/schemas/Pet/properties"


@pytest.fixture
def change(pets, write):
    """Writes the contract before and after a change to it, and returns both files."""

    def changed(alter):
        old = write(pets, "old.json")
        alter(pets)
        return old, write(pets, "new.json")

    return changed


def without_name(document):
    """Take the name of a pet out, and add a colour."""
    properties = document["components"]["schemas"]["Pet"]["properties"]
    del properties["name"]
    properties["colour"] = {"type": "string"}


def with_colour(document):
    """Add a colour to a pet."""
    document["components"]["schemas"]["Pet"]["properties"]["colour"] = {"type": "string"}


def test_text(contract, change):
    """A change is reported below its operation, with severity, rule and place; the last line counts."""
    result = contract("diff", *change(without_name))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "GET /pets/{pet_id}",
        "  breaking  response-property-removed",
        "            Pet.name",
        "  safe      response-property-added",
        "            Pet.colour",
        "",
        "1 breaking, 0 risky, 1 safe",
    ]


def test_json(contract, change):
    """The JSON counts, and has all that is known of each change."""
    report = json.loads(contract("diff", *change(without_name), "--format", "json").stdout)
    assert (report["breaking"], report["risky"], report["safe"]) == (1, 0, 1)
    assert report["changes"][0] == {
        "severity": "breaking",
        "rule": "response-property-removed",
        "side": "response",
        "meaning": "A property is not there any more.",
        "operations": ["GET /pets/{pet_id}"],
        "where": "Pet.name",
        "pointer": f"{PET}/name",
        "detail": "",
    }


def test_markdown(contract, change):
    """The Markdown has a heading for each operation, and a line for each change."""
    result = contract("diff", *change(without_name), "--format", "markdown").stdout
    assert result.startswith("**1 breaking, 0 risky, 1 safe**\n\n### `GET /pets/{pet_id}`\n\n")
    assert "\n- **breaking** `response-property-removed` `Pet.name`\n" in result


def test_html_junit_and_github(contract, change):
    """Other formats have each change, what a document says escaped, and fail for breaking ones alone."""

    def alter(document):
        without_name(document)
        document["components"]["schemas"]["Pet"]["properties"]["<b>,\n"] = {}

    files = change(alter)
    page = contract("diff", *files, "--format", "html").stdout
    assert "<tr class=breaking><td>breaking<td><code>response-property-removed</code>" in page
    assert "Pet.&lt;b&gt;" in page
    suite = ET.fromstring(contract("diff", *files, "--format", "junit").stdout)  # noqa: S314 -- our own
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert suite.find("testcase/failure").get("type") == "response-property-removed"
    lines = contract("diff", *files, "--format", "github").stdout.splitlines()
    place = "GET /pets/{pet_id}: Pet.name (A property is not there any more.)"
    assert lines == [
        f"::error title=response-property-removed::{place}",
        "::notice title=contract diff::1 breaking, 0 risky, 2 safe",
    ]


def deprecated(document):
    """Announce that an operation goes away."""
    document["paths"]["/pets/{pet_id}"]["get"]["deprecated"] = True


def test_fail_on_risky(contract, change):
    """Risky changes fail only where that is asked for; a rule that is left out fails nothing."""
    files = change(deprecated)
    assert contract("diff", *files).exit_code == 0
    assert contract("diff", *files, "--fail-on", "risky").exit_code == 1
    ignoring = contract("diff", *files, "--fail-on", "risky", "--ignore", "operation-deprecated")
    assert (ignoring.exit_code, ignoring.stdout) == (0, "No changes.\n")


def test_unknown_rule(contract, change):
    """A rule that is none is refused, with those that are close to it."""
    result = contract("diff", *change(deprecated), "--ignore", "operation-deprecate")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "No rule is named 'operation-deprecate'; close to it: operation-deprecated"
    )


def test_nothing_breaks(contract, change, write, pets):
    """Safe changes, and none at all, exit with 0."""
    assert contract("diff", *change(with_colour)).exit_code == 0
    same = contract("diff", write(pets), write(pets))
    assert (same.exit_code, same.stdout) == (0, "No changes.\n")


@pytest.mark.parametrize("broken", ["{", "openapi: 3.1.0", '{"openapi": "2.0"}'])
def test_broken_file(contract, write, pets, broken):
    """A contract that cannot be read is named, and exits with 2."""
    path = write(broken, "broken.yaml")
    for pair in [(path, write(pets)), (write(pets), path)]:
        result = contract("diff", *pair)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(str(path))


def test_too_much_to_compare(contract, change, monkeypatch):
    """Contracts that would take minutes are refused in a sentence, and exit with 2."""
    monkeypatch.setattr(effort, "MOST_STEPS", 5)
    old, new = change(with_colour)
    result = contract("diff", old, new)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{new}: cannot be compared with {old}: it takes more than 5 steps")


def test_hostile_names(contract, change):
    """What a document says cannot move the cursor, end a line, or leave its code span."""

    def alter(document):
        document["components"]["schemas"]["Pet"]["properties"]["a\n\x1b[2J`*[red]"] = {}

    old, new = change(alter)
    assert "Pet.a\\n\\x1b[2J`*[red]" in contract("diff", old, new).stdout
    assert "`Pet.a\\n\\x1b[2J'*[red]`" in contract("diff", old, new, "--format", "markdown").stdout


def test_many_operations(contract, pets, write):
    """What hundreds of operations share is reported once, the first of them named."""
    item = pets["paths"].pop("/pets/{pet_id}")
    for number in range(200):
        operation = item["get"] | {"operationId": f"get_pet_{number}"}
        pets["paths"][f"/pets{number}/{{pet_id}}"] = {"get": operation}
    old = write(pets, "old.json")
    without_name(pets)
    new = write(pets, "new.json")
    result = contract("diff", old, new).stdout
    assert result.splitlines()[2:4] == ["GET /pets2/{pet_id}", "and 197 more"]
    assert result.endswith("1 breaking, 0 risky, 1 safe\n")
    heading = contract("diff", old, new, "--format", "markdown").stdout.splitlines()[2]
    assert heading.endswith(", `GET /pets2/{pet_id}`, and 197 more")


def test_a_pipe(contract, pets, write):
    """The old contract may come from a pipe, as a shell hands over what ``git show`` prints."""
    end, begin = os.pipe()
    os.write(begin, json.dumps(pets).encode())
    os.close(begin)
    assert contract("diff", f"/dev/fd/{end}", write(pets)).exit_code == 0
    os.close(end)
