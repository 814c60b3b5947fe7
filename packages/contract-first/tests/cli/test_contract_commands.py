"""``contract-first contract show``, ``digest`` and ``lint``."""

import json
from xml.etree import ElementTree as ET

import pytest

from contract_first.cli import contract as commands
from contract_first.contract import load_contract


@pytest.mark.parametrize("notation", ["json", "yaml"])
def test_what_is_shown_is_the_contract(contract, write, pets, notation):
    """What ``show`` prints is the contract, whole: reading it back gives the same digest."""
    shown = contract("show", write(pets), "--format", notation)
    assert shown.exit_code == 0
    path = write(shown.stdout, f"shown.{notation}")
    assert load_contract(path).digest == load_contract(write(pets)).digest


def test_strings_that_look_like_something_else(contract, write, pets):
    """Strings that YAML might take for a number, a date or a truth stay strings."""
    pets["info"]["x-strings"] = ["on", "no", "1.0", "2026-01-01", "0x1f", "~", "1_000", "é\u2028", "12:30:45"]
    pets["info"]["x-strings"] += ["1e3", "12e45678", "-5E+1"]
    shown = contract("show", write(pets), "--format", "yaml").stdout
    assert load_contract(write(shown, "shown.yaml")).document == pets


def test_more_values_than_are_written_as_yaml(contract, write, pets, monkeypatch):
    """Very large documents are written as JSON, which takes a part of the time."""
    monkeypatch.setattr(commands, "MOST_IN_YAML", 10)
    shown = contract("show", write(pets), "--format", "yaml")
    assert json.loads(shown.stdout) == pets
    assert shown.stderr == "More than 10 values are written as JSON, which is YAML, too.\n"


def test_digest(contract, write, pets):
    """The digest is that of the meaning: spelled in another order and format, it is the same."""
    other = write(json.dumps(pets, sort_keys=True, indent=9), "other.json")
    assert contract("digest", write(pets)).stdout == contract("digest", other).stdout
    assert contract("digest", other).stdout == f"{load_contract(other).digest}\n"


def test_lint_of_what_is_right(contract, write, pets):
    """Nothing is wrong with the contract."""
    result = contract("lint", write(pets))
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing is wrong in ")


def test_lint_finds(contract, write, pets):
    """What violates a house rule is listed with its place, and exits with 1, unless the rule is ignored."""
    del pets["paths"]["/pets/{pet_id}"]["get"]["operationId"]
    pointer = "/paths/~1pets~1{pet_id}/get"
    path = write(json.dumps(pets, indent=1))
    result = contract("lint", path)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{path}:23#{pointer}: has no operationId; a handler is found by it (operation-id).",
        f"Defects: 0, violations of house rules: 1 in {path} (operations: 1).",
    ]
    assert contract("lint", path, "--ignore", "operation-id").exit_code == 0


@pytest.fixture
def untagged(pets, write):
    """Return a contract whose operations have neither tags nor ids."""
    del pets["paths"]["/pets/{pet_id}"]["get"]["tags"]
    del pets["paths"]["/pets/{pet_id}"]["get"]["operationId"]
    pets["paths"]["/cats/{pet_id}"] = pets["paths"]["/pets/{pet_id}"]
    return write(json.dumps(pets, indent=1))


def test_lint_writes_the_reports_of_check(contract, untagged, tmp_path):
    """A violation has its place in each, and fails a test where it fails the command."""
    formats = ("junit", "html", "json", "sarif", "markdown")
    files = {name: tmp_path / f"lint.{name}" for name in formats}
    options = [text for name, file in files.items() for text in (f"--{name}", file)]
    result = contract("lint", untagged, *options, "--github")
    assert result.exit_code == 1
    place = f"{untagged}:23#/paths/~1pets~1{{pet_id}}/get: has no operationId"
    assert place in result.stdout
    assert "::error title=the API as a whole%3A operation-id::has no operationId" in result.stdout
    assert "::warning title=the API as a whole%3A tag::has no tag" in result.stdout
    failed = [case.get("name") for case in ET.parse(files["junit"]).iter("testcase") if len(case)]  # noqa: S314 -- our own
    assert failed == ["operation-id"]
    (run,) = json.loads(files["sarif"].read_bytes())["runs"]
    assert [(found["ruleId"], found["level"]) for found in run["results"]] == [
        *[("operation-id", "error"), ("tag", "note")] * 2
    ]
    assert len({found["partialFingerprints"]["contractFirst/v1"] for found in run["results"]}) == 4
    report = json.loads(files["json"].read_bytes())
    assert [finding["severity"] for finding in report["findings"]] == ["high", "low"] * 2
    assert place in files["html"].read_text("utf-8")
    assert (
        files["markdown"].read_text("utf-8").startswith("## Pets 1.0.0\n\n**Defects: 0, violations of house")
    )


def test_lint_with_a_baseline(contract, untagged, pets, write, tmp_path):
    """What a baseline has is counted apart, by its place and not its line; what is new fails."""
    known = tmp_path / "known.toml"
    assert contract("lint", untagged, "--write-baseline", known).exit_code == 1
    later = write(json.dumps(pets, indent=3))
    result = contract("lint", later, "--baseline", known)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Nothing is wrong, known: 4 in {later} (operations: 2).\n",
    )
    pets["paths"]["/dogs/{pet_id}"] = pets["paths"]["/pets/{pet_id}"]
    assert contract("lint", write(pets), "--baseline", known).exit_code == 1
    known.write_text("[", "utf-8")
    wrong = contract("lint", untagged, "--baseline", known)
    assert (wrong.exit_code, wrong.stdout) == (2, "")


def list_pets():
    """Return no pets."""
    return []


def add_pet(name: str, age: int = 0):
    """Return a pet."""
    return {"name": name, "age": age}


def test_lint_of_what_fastapi_writes(contract, write):
    """The document of an application without tags and errors of its own passes."""
    application = pytest.importorskip("fastapi", reason="FastAPI is installed with the bench").FastAPI()
    application.get("/")(list_pets)
    application.post("/pets")(add_pet)
    result = contract("lint", write(application.openapi()))
    assert result.exit_code == 0
    assert "has no tag" in result.stdout


def test_lint_of_what_is_not_valid(contract, write, pets):
    """What is not valid OpenAPI is wrong too: it is reported with its pointer, and exits with 1."""
    del pets["info"]["title"]
    path = write(pets)
    result = contract("lint", path)
    assert result.exit_code == 1
    assert "#/info: " in result.stdout
    strict = contract("lint", "--strict", path)
    assert strict.exit_code == 1
    assert "#/info: " in strict.stderr


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("paths", {"/{id}": {"get": {"responses": {"default": {"description": ""}}}}}, "'id'"),
        ("tags", [{"name": "pets"}, {"name": "pets"}], "'pets'"),
    ],
)
def test_lint_of_what_is_wrong_as_a_whole(contract, write, pets, part, value, reason):
    """What is wrong without a place of its own is as wrong: a file that can be read never exits with 2."""
    pets[part] = value
    result = contract("lint", write(pets))
    assert result.exit_code == 1
    assert reason in result.stdout


@pytest.mark.parametrize("command", ["show", "digest", "lint"])
@pytest.mark.parametrize("broken", ["{", "", "[]", '{"a": ' * 5000])
def test_broken_file(contract, write, command, broken):
    """A file that is no document exits with 2, named, with the reason."""
    path = write(broken, "broken.json")
    result = contract(command, path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}: ")


def test_lint_lists_every_defect(contract, write, pets):
    """Each defect is a line with file, line and pointer, and with what was done about it."""
    del pets["info"]["title"]
    pets["paths"]["/pets/{pet_id}"]["get"]["x"] = None
    pets["paths"]["/pets/{pet_id}"]["delete"] = "none"
    path = write(json.dumps(pets, indent=1))
    result = contract("lint", path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f'{path}:3#/info: "title" is a required property (repaired).'
    assert lines[1] == f"{path}:53#/paths/~1pets~1{{pet_id}}/get/x: 'x' is not allowed here (left out)."
    assert lines[2].endswith('/delete: "none" is not of type "object" (operation disabled).')


@pytest.mark.parametrize("command", [("show",), ("types",), ("diff", "same")])
def test_other_commands_read_leniently(contract, write, pets, command):
    """What was repaired is said in a line on standard error, apart from the output; --strict refuses."""
    del pets["info"]
    path = write(pets)
    arguments = [command[0], *[path] * len(command)]
    result = contract(*arguments)
    assert result.exit_code == 0
    assert (
        f"{path} has 1 defect: 1 repaired; list them by: contract-first contract lint {path}" in result.stderr
    )
    assert "defect" not in result.stdout
    assert contract(*arguments, "--strict").exit_code == 2


def test_overlays_without_effect(contract, write, pets):
    """An action whose target matches nothing is named on standard error, and changes no exit code."""
    actions = [{"target": f"$.info.{name}", "update": "A"} for name in ("title", *["tilte"] * 12)]
    overlay = write({"overlay": "1.1.0", "actions": actions}, "overlay.json")
    arguments = (write(pets), "--overlay", overlay)
    named = [f"{overlay}#/actions/{index}: the target matches nothing." for index in range(1, 11)]
    shown, linted = contract("show", *arguments), contract("lint", *arguments)
    compared = contract("diff", arguments[0], *arguments)
    for result in (shown, linted, compared):
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [*named, "2 more actions of overlays match nothing."]


def test_overlays(contract, write, pets):
    """Overlays are applied in their order, to any contract that is read."""
    first, second = (
        write({"overlay": "1.1.0", "actions": [{"target": "$.info.title", "update": title}]}, f"{title}.json")
        for title in ("A", "B")
    )
    shown = contract("show", write(pets), "--overlay", first, "--overlay", second)
    assert json.loads(shown.stdout)["info"]["title"] == "B"
    result = contract("show", write(pets), "--overlay", write({"actions": []}, "none.json"))
    assert result.exit_code == 2
    assert "none.json#/overlay" in result.stderr


def test_recognised_collections_are_shown(contract, write, tmp_path, monkeypatch):
    """Each has its key and score, each operation its reading, as the project's file corrects them."""
    item = {"type": "object", "properties": {"id": {"type": "string"}}}
    success = {"200": {"description": "", "content": {"application/json": {"schema": item}}}}
    one = {"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        "/pets": {"post": {"operationId": "create", "responses": success}},
        "/pets/{petId}": {"get": {"operationId": "read", "parameters": [one], "responses": success}},
        "/health": {"get": {"operationId": "health", "responses": {"200": {"description": ""}}}},
    }
    file = write({"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": paths})
    monkeypatch.chdir(tmp_path)
    shown = contract("show", file, "--collections")
    heading, create, read, rest = shown.stdout.splitlines()
    assert heading.startswith("/pets: by id (")
    assert heading.endswith("; stored with --stateful")
    assert create == "  POST /pets: create 5.00, path of the collection; next best: none"
    assert read == "  GET /pets/{petId}: read 6.00, path of an item; next best: none"
    assert rest == "GET /health: no collection"
    (tmp_path / "contract-first.toml").write_text('[collections]\n"/pets" = false\n"/cats" = {}\n', "utf-8")
    wrong = contract("show", file, "--collections")
    assert wrong.exit_code == 2
    assert "contract-first.toml:3: [collections] '/cats': the contract has no such path" in wrong.stderr
