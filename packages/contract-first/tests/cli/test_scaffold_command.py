"""``contract-first contract scaffold`` writes handlers that pass our checks."""

import runpy
from pathlib import Path

import pytest

from contract_first.cli.project import scaffold as scaffold_command

tools = runpy.run_path(str(Path(__file__).with_name("tools.py")))
TEXT = {"type": "string"}
HOSTILE_TEXT = 'a"""b\\ \n\x1b[2J it\u2019s \'quoted" \u2013 end\\'


@pytest.fixture
def scaffold(contract, tmp_path, write):
    """Scaffolds a contract into the test's folder."""

    def run(document, *options):
        return contract("scaffold", "--contract", write(document), "--into", tmp_path, *options)

    return run


@pytest.fixture
def check(mypy_cache, tmp_path):
    """Let linter, formatter and type checker accept what was written."""
    return lambda: tools["check"](tmp_path, mypy_cache)


def test_handler(scaffold, pets, tmp_path):
    """The handler has the operation's name, parameters and types, and tells what the contract tells."""
    pets["paths"]["/pets/{pet_id}"]["get"] |= {"summary": "Get a pet", "description": "Any pet.\n\nMore."}
    assert scaffold(pets).exit_code == 0
    written = (tmp_path / "operations" / "pets.py").read_text()
    assert "async def get_pet(pet_id: str) -> dict[str, Any]:\n" in written
    assert written.partition('    """')[2].partition('    """')[0].splitlines() == [
        "Get a pet.",
        "",
        "    Any pet.",
        "",
        "    Source: GET /pets/{pet_id} (operationId get_pet).",
        "",
        "    Args:",
        "        pet_id: Path parameter pet_id, string.",
        "",
        "    Returns:",
        "        200: A pet (application/json, Pet, object).",
        "",
        "    Raises:",
        "        Problem: as the contract declares, 404.",
    ]


def test_hostile_contract(scaffold, pets, check, tmp_path):
    """Whatever a contract says, what is written for it is Python, and goes into the folder."""
    get = pets["paths"]["/pets/{pet_id}"]["get"]
    get |= {"tags": ["../../" + HOSTILE_TEXT], "summary": HOSTILE_TEXT, "description": HOSTILE_TEXT * 9}
    get["operationId"] = "getPet"
    get["parameters"] += [
        {"name": name, "in": "query", "schema": schema, "description": HOSTILE_TEXT}
        for name, schema in [
            ("class", {"type": "boolean"}),
            ("X-Y", {"type": ["integer", "null"], "default": None}),
            (HOSTILE_TEXT, TEXT | {"enum": [HOSTILE_TEXT]}),
            *((f"p{n}", {"type": "array", "items": TEXT, "examples": [[HOSTILE_TEXT]]}) for n in range(9)),
        ]
    ]
    get["responses"]["200"]["description"] = HOSTILE_TEXT
    remove = {"operationId": "removeNone", "responses": {"204": {"description": ""}}}
    pets["paths"]["/none"] = {"delete": remove}
    assert scaffold(pets).exit_code == 0
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.py")]
    assert all(path.startswith("operations/") and path.count("/") == 1 for path in files)
    check()


def test_what_is_there_is_not_touched(scaffold, pets, tmp_path):
    """A module that is there stays as it is; what it lacks goes into another one."""
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "pets.py").write_text("mine")
    result = scaffold(pets)
    assert f"wrote    {tmp_path}/operations/pets_2.py: 1 to implement\n" in result.stdout
    assert (tmp_path / "operations" / "pets.py").read_text() == "mine"
    assert scaffold(pets).stdout == "nothing  to write: every operation has a handler\n"
    (tmp_path / "operations" / "pets.py").write_text("mine:")
    assert "pets.py is not Python: " in scaffold(pets).stderr


def test_a_private_function_is_no_handler(scaffold, pets, tmp_path):
    """A function that no service takes for a handler does not count; the stub that is written does."""
    pets["paths"]["/pets/{pet_id}"]["get"]["operationId"] = "_get_pet"
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "pets.py").write_text("async def _get_pet(): ...")
    assert "pets_2.py: 1 to implement" in scaffold(pets).stdout
    assert "every operation has a handler" in scaffold(pets).stdout


def test_nothing_follows_a_link(scaffold, pets, tmp_path):
    """A link in the place of a module is not followed, even if it leads nowhere."""
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "pets.py").symlink_to(tmp_path / "elsewhere.py")
    scaffold(pets)
    assert not (tmp_path / "elsewhere.py").exists()


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("get-pet", "get_pet"),
        ("class", "class_"),
        ("get a pet", "get_a_pet"),
        ("Get.endpoints-805a", "get_endpoints_805a"),
        ("pets_endpoints_import", "pets_endpoints_import"),
        ("_get_pet", "get_pet"),
        ("getPet", "get_pet"),
        ("list", "list_"),
        ("größe", "größe"),
        ("pets_endpoints__get_pet", "get_pet"),
    ],
)
def test_operation_id_that_is_no_python_name(scaffold, pets, tmp_path, operation_id, name):
    """An operationId that no function can be called by is spelled as Python does."""
    pets["paths"]["/pets/{pet_id}"]["get"]["operationId"] = operation_id
    assert "skipped" not in scaffold(pets).stdout
    assert f"async def {name}(" in (tmp_path / "operations" / "pets.py").read_text()


def test_an_operation_that_was_renamed(contract, write, pets, tmp_path, monkeypatch):
    """The function that has its former name, which a stub would replace without a word, is reported."""
    folder = tmp_path / "renamed_pets"
    (folder / "operations").mkdir(parents=True)
    (folder / "operations" / "__init__.py").write_text("")
    (folder / "operations" / "pets.py").write_text(
        "async def get_pet(pet_id): ...\nasync def find():\n    return await load()\n"
        "async def load(): ...\ndef part(): ..."
    )
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    pets["paths"]["/pets/{pet_id}"]["get"]["operationId"] = "look_at"
    handlers = ["--handlers", "renamed_pets.operations"]
    output = contract("scaffold", "--contract", write(pets), "--into", folder, *handlers).stdout
    for name in ("pets.get_pet: ", "pets.find: "):
        assert f"{name}no operation has this name; rename the function if its operation was renamed" in output
    for name in ("pets.part", "pets.load"):  # what handlers call
        assert name not in output
    again = contract("scaffold", "--contract", write(pets), "--into", folder, *handlers).stdout
    assert ("every operation has a handler" in again, "pets.find: no operation has" in again) == (True, True)


def test_bodies_of_several_media_types(scaffold, pets, check, tmp_path):
    """A handler is annotated with all that the service hands over: a text, bytes, a value."""
    media_types = ("text/csv", "application/json", "application/pdf", "application/x-www-form-urlencoded")
    schema = {"type": "object", "properties": {"name": TEXT}}
    pets["paths"]["/pets/{pet_id}"]["get"]["operationId"] = "replace_pet"
    pets["paths"]["/pets/{pet_id}"]["put"] = pets["paths"]["/pets/{pet_id}"].pop("get") | {
        "requestBody": {"content": {name: {"schema": schema} for name in media_types}}
    }
    scaffold(pets)
    written = (tmp_path / "operations" / "pets.py").read_text()
    assert "body: dict[str, Any] | str | bytes | None" in written
    check()


@pytest.mark.parametrize(("media_type", "annotation"), [("*/*", "bytes"), ("text/csv", "str")])
def test_a_binary_body(media_type, annotation, scaffold, pets, tmp_path):
    """It is handed over as it was sent, even where it could be JSON; a text is a text."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    operation = pets["paths"]["/pets/{pet_id}"]["get"]
    operation |= {"operationId": "keep_file", "requestBody": {"content": content}}
    scaffold(pets)
    assert f"body: {annotation} | None" in (tmp_path / "operations" / "pets.py").read_text()


def test_a_tag_without_letters(scaffold, pets, tmp_path):
    """Its module has a name that one can say; the names of modules are ASCII."""
    for tag, module in (
        ("\U0001f436", "untagged"),
        ("Pets & \u03c0", "pets"),
        ("\u00c4pfel & \u00d6l", "apfel_ol"),
    ):
        pets["paths"]["/pets/{pet_id}"]["get"] |= {"tags": [tag], "operationId": module}
        scaffold(pets)
        assert (tmp_path / "operations" / f"{module}.py").exists()


def test_name_that_would_handle_another_operation(scaffold, pets):
    """An operation whose handler would handle another one too is reported, with the reason."""
    get = pets["paths"]["/pets/{pet_id}"]["get"]
    pets["paths"]["/cats/{pet_id}"] = {"get": get | {"operationId": "other_endpoints_get_cat"}}
    get["operationId"] = "any_endpoints_get_cat"
    reason = "get_cat would handle another operation too; give it another operationId"
    assert f"skipped  GET /pets/{{pet_id}}: {reason}\n" in scaffold(pets).stdout


def test_folder_that_cannot_be(contract, write, pets, tmp_path):
    """A folder that cannot be made exits with 2, named."""
    (tmp_path / "file").write_text("")
    result = contract("scaffold", "--contract", write(pets), "--into", tmp_path / "file")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Cannot write {tmp_path}/file/")


def test_names_of_many_operations(scaffold, monkeypatch):
    """Each name is looked for among all the others at once."""
    compared = []

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            compared.append(other)
            return str(self) == other

    name_of = scaffold_command.stub_name
    monkeypatch.setattr(scaffold_command, "stub_name", lambda operation: Name(name_of(operation)))
    paths = {
        f"/pets/{number}": {"get": {"operationId": f"get{number}", "responses": {"200": {"description": ""}}}}
        for number in range(200)
    }
    document = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": paths}
    assert scaffold(document).exit_code == 0
    assert len(compared) < 10 * len(paths)
