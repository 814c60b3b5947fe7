"""``contract new`` writes a project that runs at once."""

import json
import subprocess
import sys
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Thread

import pytest
from typer.testing import CliRunner

import contract_first.cli.tree
from contract_first.contract import load_contract
from contract_first.contract.comparison import compare
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.linting import lint
from contract_first.service.handlers import handlers_of

FILES = [
    ".dockerignore",
    ".github/workflows/ci.yaml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "Dockerfile",
    "README.md",
    "pyproject.toml",
    "src/pet_store/__init__.py",
    "src/pet_store/app.py",
    "src/pet_store/openapi.yaml",
    "src/pet_store/operations/__init__.py",
    "src/pet_store/operations/untagged.py",
    "src/pet_store/problems.yaml",
    "src/pet_store/settings.py",
    "tests/conftest.py",
    "tests/test_operations.py",
    "tests/test_service.py",
]
PET = {
    "type": "object",
    "required": ["name", "id", "born", "tags", "weight"],
    "properties": {
        "name": {"type": "string", "minLength": 8, "maxLength": 12},
        "id": {"type": "string", "format": "uuid"},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "minItems": 2, "items": {"enum": ["a", "b"]}},
        "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.25},
    },
}


KINDS = {
    name: {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    for name in ("Cat", "Dog")
}
PETS = {
    "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in KINDS],
    "discriminator": {"propertyName": "kind"},
}


ODD = """\
# The shop's contract, by hand.
openapi:   3.1.0
info: {title: Shop,    version: "1"}   # the first
paths:

    /pets:  # all of them
        get: {operationId: listPets, responses: {'200': {description:   "ok"}}}
"""
PETS_OF_JSON = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "paths": {"/pets": {"get": {"responses": {"200": {"description": "caf\u00e9"}}}}},
}
LONG = "an_operation_that_a_generator_named_" + "by_all_that_it_knows_" * 2


def content(schema):
    """Return the content of a JSON body."""
    return {"content": {"application/json": {"schema": schema}}}


@pytest.fixture
def new(write, tmp_path):
    """Write a project for a contract into the folder ``pet-store``, and return that."""

    def written(document, *options):
        folder = tmp_path / "pet-store"
        source = write(as_yaml(document), "openapi.yaml")
        arguments = ["contract", "new", str(source), "--into", str(folder), *options]
        outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments, catch_exceptions=False)
        assert outcome.exit_code == 0, outcome.stderr
        return folder, outcome.stdout

    return written


def contract_of(folder, name="openapi.yaml"):
    """Return the contract of a project, as its app loads it."""
    source = folder / "src" / folder.name.replace("-", "_")
    return load_contract(source / name, [source / "problems.yaml"])


@pytest.fixture
def pets(minimal):
    """Operations with odd names, security schemes of several kinds, XML, and schemas with limits."""
    listed, added = (
        {"responses": {"200": {"description": "", **content({"type": "array", "items": PET})}}},
        {},
    )
    added["responses"] = {"201": {"description": "", **content(PET)}}
    added["requestBody"] = {"required": True, **content(PET)}
    letter = {"responses": {"200": {"description": "", "content": {"application/xml": {"schema": PET}}}}}
    path = {"parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"minLength": 3}}]}
    path["get"] = {
        "operationId": LONG,
        "responses": {"200": {"description": "", **content({"oneOf": [PET, {"type": "null"}]})}},
    }
    texts = {"text/event-stream": {"type": "string"}, "image/png": {"type": "string", "format": "binary"}}
    streams = {
        f"/{media_type.partition(chr(47))[0]}": {
            "get": {"responses": {"200": {"description": "", "content": {media_type: {"schema": schema}}}}}
        }
        for media_type, schema in texts.items()
    }
    path["delete"] = {"responses": {"204": {"description": ""}}, "security": [{"token": []}, {"key": []}]}
    minimal["paths"] = {
        "/pets": {
            "get": {**listed, "operationId": "list all pets"},
            "post": {**added, "operationId": "pets/add"},
        },
        "/pets/{petId}": path,
        "/letters": {"post": {**letter, "requestBody": {"required": True, **letter["responses"]["200"]}}},
        **streams,
    }
    minimal["components"] = {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "token": {"type": "http", "scheme": "bearer"},
        }
    }
    return minimal


def test_files(new, minimal):
    """There is all that a project needs; the names of folder and package are spelled as each has to be."""
    folder, output = new(minimal)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == FILES
    assert 'name = "pet-store"' in (folder / "pyproject.toml").read_text()
    assert output.count("wrote ") == len(FILES) - 1


def test_every_pip_can_install_what_its_tests_need(new, minimal):
    """The one that Python 3.11 brings knows extras, and no dependency groups."""
    folder, _ = new(minimal)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert "dev" in project["optional-dependencies"]
    assert "pip install -e '.[dev]'" in (folder / "README.md").read_text()


def test_a_package_hides_no_other(write, minimal, tmp_path):
    """A project that is called as a module of Python's has a package that is not."""
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "json")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    assert (tmp_path / "json" / "src" / "json_api" / "operations").is_dir()


def test_what_is_there_stays(new, minimal):
    """A second time writes nothing, and says so."""
    folder, _ = new(minimal)
    (folder / "README.md").write_text("mine")
    _, output = new(minimal)
    assert (folder / "README.md").read_text() == "mine"
    assert "wrote" not in output


def test_a_copy_that_is_too_large(write, minimal, tmp_path, monkeypatch):
    """No project is written that could not be started, as its errors make the contract too large."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 100)
    minimal["paths"] = {
        f"/{number}": {"get": {"responses": {"200": {"description": ""}}}} for number in range(30)
    }
    folder = tmp_path / "pets"
    arguments = ["contract", "new", str(write(minimal)), "--into", str(folder)]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert (outcome.exit_code, folder.exists()) == (2, False)
    assert "has more than 100 operations" in outcome.stderr


def test_a_contract_is_copied_as_it_is(write, contract, tmp_path):
    """Comments and formatting stay, and a file of JSON is one of JSON."""
    for name, text in (("shop.yaml", ODD), ("shop.json", json.dumps({**PETS_OF_JSON}, indent=3))):
        source, folder = write(text, name), tmp_path / name.replace(".", "-")
        assert contract("new", source, "--into", folder).exit_code == 0
        package = folder / "src" / folder.name.replace("-", "_")
        assert (package / name).read_bytes() == source.read_bytes()
        assert f'FOLDER / "{name}"' in (package / "app.py").read_text()
        assert f"lint src/{package.name}/{name} --overlay" in (folder / ".pre-commit-config.yaml").read_text()
        assert contract_of(folder, name).operations


def test_what_a_contract_lacks_is_in_an_overlay(new, errors):
    """Problem details are declared for errors that are not, neither by status nor range nor default."""
    contract = contract_of(new(errors)[0])
    added = {
        operation.path: [
            status
            for status, response in operation.responses.items()
            if "application/problem+json" in response.get("content", {})
        ]
        for operation in contract.operations
    }
    lacks = ["4XX", "5XX"]
    assert added == {
        "/own": lacks,
        "/range": ["5XX"],
        "/default": [],
        "/linked": lacks,
        "/shared": lacks,
        "/nothing": ["default"],
    }
    original = load_contract(new(errors)[0] / "src/pet_store/openapi.yaml")
    for operation in original.operations:
        (same,) = [
            one
            for one in contract.operations
            if one.path == operation.path and one.method == operation.method
        ]
        assert dict(operation.responses).items() <= dict(same.responses).items()
    found = {change.difference.rule.name for change in compare(original, contract)}
    assert found == {"response-error-added"}
    assert "error response" not in " ".join(fault.reason for fault in lint(contract))


SPLIT = {
    "api/shop.yaml": """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /pets: {$ref: paths/pets.yaml}   # in a file of its own
components: {responses: {Gone: {description: It is gone.}}}
""",
    "api/paths/pets.yaml": """\
get:
  operationId: listPets
  responses:
    '200': {description: All., content: {application/json: {schema: {$ref: ../schemas/pet.yaml#/Pet}}}}
    '404': {$ref: ../shop.yaml#/components/responses/Gone}
""",
    "api/schemas/pet.yaml": """\
Pet: {type: object, properties: {kind: {$ref: '#/Kind'}, parent: {$ref: pet.yaml#/Pet}}}
Kind: {enum: [cat, dog]}
""",
}
"""A contract of several files."""


def test_a_contract_of_several_files(write, contract, tmp_path):
    """Each stands where it did beside the contract, and the overlay reaches operations of all."""
    sources = {name.removeprefix("api/"): write(text, name) for name, text in SPLIT.items()}
    outcome = contract("new", sources["shop.yaml"], "--into", tmp_path / "shop")
    assert outcome.exit_code == 0, outcome.stderr
    for name, source in sources.items():
        assert (tmp_path / "shop/src/shop" / name).read_bytes() == source.read_bytes()
    (operation,) = contract_of(tmp_path / "shop", "shop.yaml").operations
    assert [*operation.responses] == ["200", "404", "4XX", "5XX"]
    assert operation.responses["404"] == {"description": "It is gone."}


@pytest.fixture
def site(tmp_path):
    """The URL of a server that has the files below the test's folder."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_contract_at_a_url(write, contract, tmp_path, site):
    """What its server sends is copied, other documents too; what has no name of a document gets one."""
    sources = {name.removeprefix("api/"): write(text, name) for name, text in SPLIT.items()}
    assert contract("new", f"{site}/api/shop.yaml", "--into", tmp_path / "shop").exit_code == 0
    for name, source in sources.items():
        assert (tmp_path / "shop/src/shop" / name).read_bytes() == source.read_bytes()
    for text, name in ((ODD, "openapi.yaml"), (json.dumps(PETS_OF_JSON), "openapi.json")):
        source = write(text, "v1/api docs")
        folder = tmp_path / name.replace(".", "-")
        assert contract("new", f"{site}/v1/api%20docs?format=1", "--into", folder).exit_code == 0
        assert (folder / "src" / name.replace(".", "_") / name).read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (
            "../common.yaml#/Pet",
            "{folder}/common.yaml cannot be copied: expected a document in the folder of",
        ),
        ("models.py#/Pet", "{folder}/api/models.py cannot be copied"),
        ("{site}/common.yaml#/Pet", "{site}/common.yaml cannot be copied"),
        ("missing.yaml#/Pet", "{folder}/api/missing.yaml: cannot be read"),
    ],
)
@pytest.mark.parametrize("scheme", ["file", "url"])
def test_what_no_project_can_have(write, contract, tmp_path, site, reference, reason, scheme):
    """What is out of the folder, is code or is not there ends the command, and no folder is written."""
    for name in ("common.yaml", "api/models.py"):
        write("Pet: {type: object}", name)
    schema = {"$ref": reference.format(site=site)}
    paths = {"/pets": {"get": {"responses": {"200": {"description": "", **content(schema)}}}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    write(document, "api/pets.json")
    place = {"file": str(tmp_path), "url": site}[scheme]
    outcome = contract("new", f"{place}/api/pets.json", "--strict", "--into", tmp_path / "shop")
    assert (outcome.exit_code, (tmp_path / "shop").exists()) == (2, False)
    assert reason.format(site=site, folder=place) in outcome.stderr


def test_a_contract_that_is_not_there(contract, tmp_path, site):
    """The message says so, and no folder is written."""
    for source in (tmp_path / "none.yaml", f"{site}/none.yaml"):
        outcome = contract("new", source, "--into", tmp_path / "shop")
        assert (outcome.exit_code, (tmp_path / "shop").exists()) == (2, False)
        assert f"{source}: cannot be read: " in outcome.stderr


def test_an_overlay_of_ones_own(write, contract, tmp_path):
    """It is copied, and applied before that of the project, which is called otherwise if it has its name."""
    overlay = {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}}
    overlay["actions"] = [{"target": "$.paths['/pets'].get", "update": {"tags": ["pets"]}}]
    source, written = write(ODD, "shop.yaml"), write(overlay, "mine/problems.yaml")
    assert contract("new", source, "--overlay", written, "--into", tmp_path / "shop").exit_code == 0
    package = tmp_path / "shop/src/shop"
    assert (package / "problems.yaml").read_bytes() == written.read_bytes()
    names = 'FOLDER / "problems.yaml", FOLDER / "problems_2.yaml"'
    assert names in (package / "app.py").read_text()
    options = "--overlay src/shop/problems.yaml --overlay src/shop/problems_2.yaml"
    assert options in (tmp_path / "shop/.pre-commit-config.yaml").read_text()
    assert (package / "operations/pets.py").exists()


def test_a_root_confines_a_contract(write, contract, tmp_path):
    """What is in the root is copied, and what is not is refused."""
    source = write(ODD, "api/shop.yaml")
    for root, code in (("api", 0), ("other", 2)):
        (tmp_path / root).mkdir(exist_ok=True)
        outcome = contract("new", source, "--root", tmp_path / root, "--into", tmp_path / f"new-{root}")
        assert outcome.exit_code == code, outcome.stderr
        assert (tmp_path / f"new-{root}").exists() is (code == 0)


def test_the_next_version_of_the_contract(new, minimal):
    """Copied over that of the project it is served, with the errors that the overlay adds to each version."""
    folder = new(minimal)[0]
    path = folder / "src/pet_store/openapi.yaml"
    minimal["paths"]["/cats"] = {"get": {"responses": {"200": {"description": ""}}}}
    path.write_text(json.dumps(minimal))
    assert [{*operation.responses} for operation in contract_of(folder).operations] == [
        {"200", "4XX", "5XX"}
    ] * 2
    minimal["components"] = {"responses": {"default-problem": {"description": "mine"}}}
    path.write_text(json.dumps(minimal))
    for operation in contract_of(folder).operations:
        assert operation.responses["4XX"] == {"description": "mine"}


def test_errors_that_are_described_are_no_warning(write, minimal, tmp_path):
    """A contract to which nothing has to be added gets no warning."""
    minimal["paths"] = {"/": {"get": {"responses": {"default": {"description": ""}}}}}
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "pets")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).stderr == ""


@pytest.fixture
def errors(minimal):
    """Operations that declare errors of their own by status, range and default, or no response."""
    minimal["openapi"] = "3.2.0"
    own = {
        "description": "No.",
        **content({"type": "object", "required": ["code"], "properties": {"code": {}}}),
    }
    success = {"200": {"description": ""}}
    some = {"own": {"404": own, "422": own}, "range": {"4XX": own}, "default": {"default": own}}
    minimal["paths"] = {
        f"/{name}": {"get": {"responses": {**success, **declared}}} for name, declared in some.items()
    }
    minimal["paths"]["/linked"] = {"additionalOperations": {"LINK": {"responses": success}}}
    minimal["paths"]["/shared"] = {"$ref": "#/components/pathItems/Shared"}
    minimal["paths"]["/nothing"] = {"get": {"operationId": "nothing"}}
    minimal["components"] = {"pathItems": {"Shared": {"get": {"responses": success}}}}
    return minimal


def output_of_tests(folder):
    """Run the tests of a project, and return what they printed; they pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_an_operation_id_that_begins_with_a_digit(new, minimal, monkeypatch):
    """Its handler begins with an underscore, and is found all the same."""
    minimal["paths"]["/pets"]["get"]["operationId"] = "2fa"
    folder, _ = new(minimal)
    monkeypatch.syspath_prepend(folder / "src")
    assert "_2fa" in handlers_of(import_module("pet_store.operations"))


@pytest.mark.programs
def test_it_runs_at_once(new, pets):
    """Its own tests pass: it starts, and conforms to the contract, whatever that allows or forbids."""
    folder, _ = new(pets)
    assert "9 passed" in output_of_tests(folder)


@pytest.fixture
def unusual(minimal):
    """Operations without a success, with more than a body, and with values that are hard to find."""
    error = {"description": "No.", **content({"type": "object"})}
    header = {"X-Count": {"required": True, "schema": {"type": "integer", "minimum": 3}}}
    responses = {
        "errors": {"400": error, "404": error},
        "default": {"default": {"description": "Whatever.", **content({"type": "object"})}},
        "move": {"302": {"description": "Away.", "headers": {"Location": {"schema": {"type": "string"}}}}},
        "header": {"200": {"description": "Counted.", "headers": header, **content({"type": "array"})}},
        "pattern": {
            "200": {"description": "A code.", **content({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"})}
        },
        "pet": {"200": {"description": "A pet.", **content(PETS)}},
    }
    minimal["paths"] = {
        f"/{name}": {"get": {"operationId": name, "responses": some}} for name, some in responses.items()
    }
    minimal["openapi"] = "3.2.0"
    lines = {"application/jsonl": {"itemSchema": {"type": "object"}}}
    minimal["paths"]["/lines"] = {
        "get": {"operationId": "lines", "responses": {"200": {"description": "Lines.", "content": lines}}}
    }
    minimal["paths"]["/nothing"] = {"get": {"operationId": "nothing"}}
    responses["bodiless"] = {"204": {"description": "Nothing.", **content({"type": "object"})}}
    minimal["paths"]["/bodiless"] = {"put": {"operationId": "bodiless", "responses": responses["bodiless"]}}
    gone = {"description": "Gone for good."}
    minimal["paths"]["/gone"] = {"get": {"operationId": "gone", "responses": {"410": gone}}}
    nothing = {"204": {"description": "Done."}}
    minimal["paths"]["/files"] = {
        "post": {
            "operationId": "put_file",
            "requestBody": {"required": True, "content": {"application/octet-stream": {}}},
            "responses": nothing,
        },
        "put": {
            "operationId": "put_lines",
            "requestBody": {"required": True, "content": lines},
            "responses": nothing,
        },
        "additionalOperations": {"LINK": {"operationId": "link_files", "responses": nothing}},
    }
    event = {"type": "object", "required": ["data"], "properties": {"data": {"const": '{"kind": "Cat"}'}}}
    events = {"text/event-stream": {"itemSchema": event}}
    minimal["paths"]["/events"] = {
        "get": {"operationId": "events", "responses": {"200": {"description": "Events.", "content": events}}}
    }
    minimal["components"] = {"schemas": KINDS}
    return minimal


@pytest.mark.programs
def test_unusual_responses(new, unusual):
    """Errors alone, redirections, required headers, patterns, what no client makes: its own tests pass."""
    folder, _ = new(unusual)
    assert "16 passed" in output_of_tests(folder)


@pytest.mark.programs
def test_heirs_by_a_discriminator(new, minimal):
    """With schemas that inherit by ``allOf`` its own tests pass, for the base and for one of the heirs."""
    item = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["book", "film"]}},
        "discriminator": {
            "propertyName": "kind",
            "mapping": {name.lower(): f"#/components/schemas/{name}" for name in ("Book", "Film")},
        },
    }
    heirs = {
        name: {
            "allOf": [
                {"$ref": "#/components/schemas/Item"},
                {"type": "object", "required": [member], "properties": {member: {"type": "integer"}}},
            ]
        }
        for name, member in (("Book", "pages"), ("Film", "minutes"))
    }
    minimal["components"] = {"schemas": {"Item": item, **heirs}}
    either = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in heirs]}
    either["discriminator"] = item["discriminator"]
    for path, schema in (("/items", {"$ref": "#/components/schemas/Item"}), ("/either", either)):
        post = {"operationId": path[1:], "requestBody": {"required": True, **content(schema)}}
        post["responses"] = {"201": {"description": "", **content(schema)}}
        minimal["paths"][path] = {"post": post}
    folder, _ = new(minimal, "--models", "msgspec")
    handlers = folder / "src/pet_store/operations/untagged.py"
    text = handlers.read_text()
    for name in ("items", "either"):
        head, _, rest = text.partition(f"async def {name}(")
        text = f"{head}async def {name}({rest.replace('raise NotImplementedYet', 'return body', 1)}"
    handlers.write_text(text)
    assert "5 passed" in output_of_tests(folder)


OWN_ERRORS = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}   # errors are JSON of our own
paths:
    /pets/{id}:
        parameters:
            - {name: id, in: path, required: true, schema: {type: integer}}
            - {name: tag, in: query, schema: {enum: [cat, dog]}}
        get:
            operationId: get_pet
            responses:
                '200': {description: It., content: {application/json: {schema: {type: object}}}}
                '404': {$ref: '#/components/responses/Wrong'}
                '422': {$ref: '#/components/responses/Wrong'}
        put:
            operationId: put_pet
            requestBody: {$ref: '#/components/requestBodies/Pet'}
            responses:
                '200': {description: It., content: {application/json: {}}}
                4XX: {$ref: '#/components/responses/Wrong'}
                default: {$ref: '#/components/responses/Wrong'}
components:
    requestBodies:
        Pet: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    responses:
        Wrong: {description: No., content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
    schemas:
        Pet: {type: object, required: [name], properties: {name: {type: string, minLength: 1}}}
        Error:
            type: object
            required: [code, message]
            properties: {code: {type: string}, message: {type: string}}
            additionalProperties: false
"""
LOST = """
@pytest.mark.parametrize(("method", "target", "status"), [("GET", "/pets/5", 404), ("PUT", "/pets/x", 422)])
def test_errors(client, method, target, status):
    response = client.request(method, target, json={"name": "Rex"})
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert response.json().keys() == {"code", "message"}
"""


@pytest.mark.programs
def test_a_contract_with_errors_of_its_own(write, contract, tmp_path):
    """The contract stays as it is, byte for byte; its errors are sent, and ``check`` has no finding."""
    source, folder = write(OWN_ERRORS, "pets.yaml"), tmp_path / "pets"
    assert contract("new", source, "--into", folder).exit_code == 0
    assert (folder / "src/pets/pets.yaml").read_bytes() == source.read_bytes()
    assert "4 passed" in output_of_tests(folder)
    handlers = folder / "src/pets/operations/untagged.py"
    text = handlers.read_text().replace("NotImplementedYet", "NotFound")
    handlers.write_text(text.replace("raise NotFound", "raise NotFound('There is no such pet.')"))
    tests = folder / "tests/test_operations.py"
    tests.write_text(f"import pytest\n{LOST}")
    assert "4 passed" in output_of_tests(folder)


def test_no_sample_stands_in_a_project(new, unusual):
    """Handlers raise that they are not implemented; tests of all operations are one."""
    folder, _ = new(unusual)
    handlers = (folder / "src/pet_store/operations/untagged.py").read_text()
    bodies = [part.rpartition('"""')[2].strip() for part in handlers.split("async def ")[1:]]
    assert {*bodies} == {"raise NotImplementedYet"}
    assert (folder / "tests/test_operations.py").read_text().count("def test_") == 1


@pytest.mark.programs
def test_an_operation_that_comes_later(new, minimal):
    """``scaffold`` leaves the project's own check green, and ``coverage`` finds its handlers."""
    folder, _ = new(minimal)
    path = folder / "src/pet_store/openapi.yaml"
    text = path.read_text()
    added = """
  /cats:
    get:
      operationId: list_cats
      tags: [cats]
      responses:
        "200": {description: All., content: {application/json: {schema: {type: array, items: {}}}}}
  /dogs:
    delete:
      operationId: drop-dogs
      responses: {"204": {description: None is left.}}
"""
    path.write_text(text.replace("\npaths:", f"\npaths:{added.rstrip()}", 1))
    command = [sys.executable, "-m", "contract_first", "contract"]
    source = "src/pet_store/openapi.yaml"
    options = ["--contract", source, "--handlers", "pet_store.operations", "--into", "src/pet_store"]
    subprocess.run([*command, "scaffold", *options], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert (folder / "src/pet_store/operations/untagged_2.py").exists()
    assert "5 passed" in output_of_tests(folder)


def test_what_is_repaired(write, minimal, tmp_path):
    """What ``mock`` repairs is repaired as the copy is loaded, unless that is unwanted."""
    minimal["unknown"] = 1
    source = str(write(minimal))
    arguments = ["contract", "new", source, "--into", str(tmp_path / "pets")]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, [*arguments, "--strict"])
    assert (outcome.exit_code, "'unknown' is not allowed here" in outcome.stderr) == (2, True)
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert (outcome.exit_code, "contract lint" in outcome.stderr) == (0, True)
    assert (tmp_path / "pets/src/pets/pets.json").read_text() == json.dumps(minimal)
    assert "overlays, lenient=True)" in (tmp_path / "pets/src/pets/app.py").read_text()


def test_a_contract_of_swagger(write, tmp_path):
    """It is converted to OpenAPI 3.0 as it is loaded."""
    paths = {
        "/pets": {
            "get": {"responses": {"200": {"description": "", "schema": {"type": "array", "items": {}}}}}
        }
    }
    source = str(write({"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    arguments = ["contract", "new", source, "--into", str(tmp_path / "pets")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    assert contract_of(tmp_path / "pets", "pets.json").openapi.startswith("3.0.")


def test_a_contract_without_operations(write, minimal, tmp_path):
    """There is nothing to serve, and the message says what is missing."""
    minimal["paths"] = {}
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "pets")]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert (outcome.exit_code, "no operation to serve: add one" in outcome.stderr) == (2, True)


@pytest.mark.parametrize("document", ["pets", "unusual"])
def test_its_code_is_clean(new, document, request):
    """Ruff, with all of its rules that are about code, and the formatter have nothing to say of it."""
    folder, _ = new(request.getfixturevalue(document))
    rules = ["--select", "ALL", "--ignore", "ANN401,D203,D213,D413,INP001,S101,COM812,CPY001,PLR2004"]
    for arguments in (["check", *rules], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--line-length", "110", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
        assert done.returncode == 0, done.stdout


def test_operations_that_would_share_a_handler(new, minimal):
    """Each has a handler of its own: the one that is spelled so keeps its name, others get a number."""
    get = minimal["paths"]["/pets"]["get"]
    names = ("list-pets", "list pets", "list_pets", "listPets", "pets/list")
    minimal["paths"] = {
        f"/{number}": {"get": {**get, "operationId": name}} for number, name in enumerate(names)
    }
    folder, _ = new(minimal)
    operations = contract_of(folder).operations
    assert [operation.operation_id for operation in operations] == [
        "list_pets_2",
        "list_pets_3",
        "list_pets",
        "list_pets_4",
        "pets/list",
    ]
    handlers = (folder / "src/pet_store/operations/untagged.py").read_text()
    assert handlers.count("async def ") == len(names)


def test_paths_that_are_the_same(write, minimal, tmp_path):
    """An operation that no request can reach is left out, and named; the path's other methods stay."""
    item = minimal["paths"]["/pets"]
    minimal["paths"] = {
        "/pets/{id}": {"get": {**item["get"], "operationId": "find"}},
        "/pets/{name}": {method: {**item["get"], "operationId": method} for method in ("get", "delete")},
    }
    for path, operations in minimal["paths"].items():
        operations["parameters"] = [{"name": path[7:-1], "in": "path", "required": True, "schema": {}}]
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "pet-store")]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert "GET /pets/{name} is left out: its path is the same as /pets/{id}.\n" in outcome.stderr
    operations = contract_of(tmp_path / "pet-store", "pets.json").operations
    assert {operation.operation_id for operation in operations} == {"find", "delete"}


@pytest.mark.programs
@pytest.mark.parametrize("models", ["msgspec", "pydantic", "typeddict"])
def test_models(write, pets, tmp_path, mypy_cache, models):
    """Handlers take and return models, and the types of all that is written are right."""
    pytest.importorskip("pydantic_settings")
    pets["components"]["schemas"] = {"Pet": PET}
    reference = content({"$ref": "#/components/schemas/Pet"})
    pets["paths"]["/pets"]["post"]["requestBody"] = {"required": True, **reference}
    pets["paths"]["/pets"]["post"]["responses"]["201"] = {"description": "", **reference}
    tagged = {name: {**schema, "properties": {"kind": {"const": name}}} for name, schema in KINDS.items()}
    pets["components"]["schemas"] |= {**tagged, "Kind": PETS}
    headers = {"Location": {"required": True, "schema": {"type": "string"}}}
    kind = content({"$ref": "#/components/schemas/Kind"})
    pets["paths"]["/kinds"] = {
        "get": {"responses": {"200": {"description": "", "headers": headers, **kind}}},
        "put": {
            "requestBody": {"required": True, "content": {"application/jsonl": {"itemSchema": PETS}}},
            "responses": {"200": {"description": "", **reference}},
        },
    }
    pets["openapi"] = "3.2.0"
    folder = tmp_path / "pet-store"
    arguments = ["contract", "new", str(write(pets)), "--into", str(folder), "--models", models]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    handlers = (folder / "src/pet_store/operations/untagged.py").read_text()
    assert "(body: Pet) -> Pet:" in handlers
    assert_clean(folder, mypy_cache)


def assert_clean(folder, mypy_cache):
    """Assert that the project's own linter, formatter and type checker accept it."""
    tools = (
        ["ruff", "format", "--check", "--no-cache"],
        ["ruff", "check", "--no-cache"],
        ["mypy", "--cache-dir", mypy_cache],
    )
    for tool in tools:
        command = [sys.executable, "-m", *map(str, tool), "src", "tests"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
        assert done.returncode == 0, done.stdout


@pytest.mark.programs
def test_names_that_modules_import(write, pets, tmp_path, mypy_cache):
    """Handlers, arguments and models may be called as what is imported, or as what tests have; all run."""
    pytest.importorskip("pydantic_settings")
    names = ("cast", "asyncio", "pytest", "httpx2", "handler", "response", "client", "test", "Any", "list")
    components = ("Problem", "Response", "Cast", "AnyPet", "NotImplementedYet")
    pet = {"type": "object", "properties": {"any": {}}, "example": {"any": 1}}
    pets["components"]["schemas"] = dict.fromkeys(components, pet)
    parameters = [{"name": "cast", "in": "query", "schema": {"type": "string"}}]
    paths = {"/refused": {"get": {"responses": {"404": {"description": ""}}}}}
    for number, name in enumerate(names):
        body = content({"$ref": f"#/components/schemas/{components[number % len(components)]}"})
        declared = {"200": {"description": "", **body}}
        post = {"operationId": name, "responses": declared}
        if number % 2:
            post |= {"parameters": parameters, "requestBody": {"required": True, **body}}
        paths[f"/{name}"] = {"post": post}
    pets["paths"] = paths
    folder = tmp_path / "pet-store"
    arguments = ["contract", "new", str(write(pets)), "--into", str(folder), "--models", "msgspec"]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    assert_clean(folder, mypy_cache)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_operations.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert f"{len(paths)} passed" in done.stdout, done.stdout


def test_the_image_of_a_project_is_drained_before_it_ends(new, minimal):
    """Its command is one of ``serve``, which goes on for a while after SIGTERM: a balancer notices."""
    folder, _ = new(minimal)
    command = (folder / "Dockerfile").read_text().partition("\nCMD ")[2].replace("\\\n", "")
    program, *arguments = json.loads(command)
    assert program == "contract-first"
    assert float(arguments[arguments.index("--lame-duck-seconds") + 1]) > 0
    outcome = CliRunner().invoke(contract_first.cli.tree.app, [*arguments, "--help"])
    assert outcome.exit_code == 0, outcome.output
