"""``contract-first contract diff`` tells what changed, and its exit code says whether that breaks clients."""

import json
import os
from xml.etree import ElementTree as ET

import pytest

from contract_first.contract.comparison import effort

BROKEN = (
    "Breaking for who reads responses, in 1 operation: A property is not there any more. "
    "Send what was sent before, or have them change first."
)
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
    """First how many changes there are, what breaks, for whom and what to do; then a line for each change."""
    result = contract("diff", *change(without_name))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "1 breaking, 0 risky, 1 safe",
        BROKEN,
        "breaking  response-property-removed  Pet: name  (GET /pets/{pet_id})",
        "safe      response-property-added  Pet: colour  (GET /pets/{pet_id})",
    ]


def test_members_of_a_component(contract, change):
    """What one rule says of members of a component is a line, with the first of many."""

    def alter(document):
        pet = document["components"]["schemas"]["Pet"]
        pet["required"] = []
        pet["properties"]["age"] = {"type": "string"}
        for number in range(20):
            pet["properties"][f"p{number}"] = {"type": "array", "items": {"type": "string"}}

    *_, optional, changed, added = contract("diff", *change(alter)).stdout.splitlines()
    assert "response-property-became-optional  Pet: name  (" in optional
    assert "response-type-changed  Pet: age (string, was integer)  (" in changed
    assert "  Pet: p0, p1, p2, p3, p4, p5, p6, p7, and 12 more  (" in added


def test_the_same_change_of_many_operations(contract, pets, write):
    """What is written in each operation is said once, and operations are listed where that is asked for."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}, "x": {"type": "string"}}}
    get = pets["paths"].pop("/pets/{pet_id}")["get"]
    get["responses"]["200"]["content"]["application/json"]["schema"] = schema
    for number in range(9):
        operation = json.loads(json.dumps(get | {"operationId": f"get_pet_{number}"}))
        pets["paths"][f"/pets{number}/{{pet_id}}"] = {"get": operation}
    old = write(pets, "old.json")
    for path in pets["paths"].values():
        for name in ("id", "x"):
            members = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
            members[name] = {"type": "integer"}
    files = old, write(pets, "new.json")
    line = (
        "breaking  response-type-changed  response 200 application/json: "
        ".x (integer, was string), .id (integer, was string)"
    )
    assert contract("diff", *files).stdout.splitlines()[2:] == [f"{line}  (9 operations)"]
    listed = [f"          GET /pets{number}/{{pet_id}}" for number in range(9)]
    assert contract("diff", *files, "--operations").stdout.splitlines()[2:] == [line, *listed]
    marked = contract("diff", *files, "--operations", "--format", "markdown").stdout
    assert "`GET /pets7/{pet_id}`" in marked


def test_operations_that_are_gone_are_all_named(contract, pets, write):
    """They are what breaks, and not merely where."""
    item = pets["paths"]["/pets/{pet_id}"]
    for number in range(5):
        operation = item["get"] | {"operationId": f"get_pet_{number}"}
        pets["paths"][f"/pets{number}/{{pet_id}}"] = {"get": operation}
    old = write(pets, "old.json")
    pets["paths"] = {"/pets/{pet_id}": item}
    new = write(pets, "new.json")
    *_, heading = [line for line in contract("diff", old, new).stdout.splitlines() if line[0] != " "]
    assert heading == "breaking  path-removed"
    assert "          GET /pets4/{pet_id}\n" in contract("diff", old, new).stdout
    assert contract("diff", new, old).stdout.splitlines()[-1] == "safe      path-added  (5 operations)"


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
    """The Markdown begins with the summary, and has a line for each change."""
    result = contract("diff", *change(without_name), "--format", "markdown").stdout
    assert result.startswith(
        "**1 breaking, 0 risky, 1 safe**\n\n- Breaking for who reads responses, in 1 operation:"
    )
    assert "\n- **breaking** `response-property-removed` `Pet: name` (`GET /pets/{pet_id}`)\n" in result


def test_html_junit_and_github(contract, change):
    """Other formats have each change, what a document says escaped, and fail for breaking ones alone."""

    def alter(document):
        without_name(document)
        document["components"]["schemas"]["Pet"]["properties"]["<b>,\n"] = {}

    files = change(alter)
    page = contract("diff", *files, "--format", "html").stdout
    assert "<tr class=breaking><td>breaking<td><code>response-property-removed</code>" in page
    assert "Pet: colour, &lt;b&gt;" in page
    suite = ET.fromstring(contract("diff", *files, "--format", "junit").stdout)  # noqa: S314 -- our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite.find("testcase/failure").get("type") == "response-property-removed"
    lines = contract("diff", *files, "--format", "github").stdout.splitlines()
    place = "GET /pets/{pet_id}: Pet: name (A property is not there any more.)"
    assert lines == [
        f"::error title=response-property-removed::{place}",
        f"::notice title=contract diff::1 breaking, 0 risky, 2 safe%0A{BROKEN}",
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


def test_an_unknown_severity(contract, change):
    """The error names the option, the value and what it may be, in no words of a library."""
    refused = contract("diff", *change(deprecated), "--fail-on", "hihg")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1] == (
        "Error: Invalid value for '--fail-on': 'hihg' is not one of 'breaking', 'risky'."
    )


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
    assert "Pet: a\\n\\x1b[2J`*[red]" in contract("diff", old, new).stdout
    assert "`Pet: a\\n\\x1b[2J'*[red]`" in contract("diff", old, new, "--format", "markdown").stdout


def test_many_operations(contract, pets, write):
    """What hundreds of operations share is reported once, with their number."""
    item = pets["paths"].pop("/pets/{pet_id}")
    for number in range(200):
        operation = item["get"] | {"operationId": f"get_pet_{number}"}
        pets["paths"][f"/pets{number}/{{pet_id}}"] = {"get": operation}
    old = write(pets, "old.json")
    without_name(pets)
    new = write(pets, "new.json")
    counts, _, removed, _ = contract("diff", old, new).stdout.splitlines()
    assert counts == "1 breaking, 0 risky, 1 safe"
    assert removed == "breaking  response-property-removed  Pet: name  (200 operations)"
    assert "`Pet: name` (`200 operations`)" in contract("diff", old, new, "--format", "markdown").stdout


def test_a_pipe(contract, pets, write):
    """The old contract may come from a pipe, as a shell hands over what ``git show`` prints."""
    end, begin = os.pipe()
    os.write(begin, json.dumps(pets).encode())
    os.close(begin)
    assert contract("diff", f"/dev/fd/{end}", write(pets)).exit_code == 0
    os.close(end)
