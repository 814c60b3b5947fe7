"""A contract comes from any file or URL, and what is wrong with one is said in a sentence."""

import json
import os
import threading
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_first.contract import ContractError, load_contract
from contract_first.contract.reading.reading import MAX_BYTES

YAML = """\
openapi: 3.1.0
info: {title: Pets, version: 2.3.4}
paths:
  /pets:
    get:
      operationId: list_pets
      responses:
        200: {description: OK}
"""


@pytest.fixture
def serve():
    """Serves documents by path on a loopback port, and returns its URL; a number is a bare status."""
    servers = []

    def start(documents):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                response = documents.get(self.path, 404)
                self.send_response(response if isinstance(response, int) else 200)
                self.send_header("Location", "/pets.json")
                self.end_headers()
                if not isinstance(response, int):
                    self.wfile.write(json.dumps(response).encode())

            def log_message(self, *_):
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_yaml_and_json_are_the_same_contract(minimal, write):
    """The same document in JSON and in YAML has the same digest, and integer status keys are text."""
    from_json, from_yaml = load_contract(write(minimal)), load_contract(write(YAML, "pets.yaml"))
    assert from_json.digest == from_yaml.digest
    assert list(from_yaml.operations[0].responses) == ["200"]


def test_digest_ignores_spelling_and_order(minimal, write):
    """The digest is of the canonical document, and changes with any of its values."""
    digest = load_contract(write(minimal)).digest
    assert load_contract(write(json.dumps(dict(reversed(minimal.items())), indent=7))).digest == digest
    minimal["info"]["version"] = "2.3.5"
    assert load_contract(write(minimal)).digest != digest


def test_what_a_contract_tells(minimal, write):
    """A contract knows its source, its version, and that of OpenAPI."""
    path = write(minimal)
    contract = load_contract(str(path))
    assert (contract.source, contract.version, contract.openapi) == (str(path), "2.3.4", "3.1.0")


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1"])
def test_versions_of_openapi_stay(minimal, write, version):
    """OpenAPI 3.0 and 3.1 documents load, each as what it is."""
    minimal["openapi"] = version
    contract = load_contract(write(minimal))
    assert contract.document == minimal


def test_byte_order_mark(minimal, write):
    """A UTF-8 byte order mark is read over."""
    assert load_contract(write(b"\xef\xbb\xbf" + json.dumps(minimal).encode())).version == "2.3.4"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("[]", "has a list at the top; expected an object"),
        ("just text", "has a single value at the top; expected an object"),
        ("null", "has a single value at the top"),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 7"),
        ("{}".encode("utf-16"), "is not UTF-8 at byte 0"),
        ('{"a": 1, "a": 2}', "key 'a' twice"),
        ("a: 1\na: 2", "line 2, column 1"),
        (b" " * (MAX_BYTES + 1), f"larger than {MAX_BYTES} bytes. Split it"),
        (
            '{"swagger": "1.2", "paths": {}}',
            "#/swagger: is Swagger 1.2; expected Swagger 2.0, or OpenAPI 3.0",
        ),
        ('{"swagger": "2.0", "paths": {}}', '"info" is a required property'),
        ("{}", "#/openapi: is missing; expected a string, 3.0.x, 3.1.x or 3.2.x"),
        ("openapi: 3.1", "#/openapi: is 3.1; expected a string"),
        ('{"openapi": "3.3.0", "paths": {}}', "#/openapi: is '3.3.0'"),
        ('{"openapi": "3.1.0"}', "#/paths: is missing"),
        ('{"openapi": "3.1.0", "paths": {}}', '"info" is a required property'),
        ('{"openapi": "3.1.0", "paths": {}, "components": []}', "#/components: is not an object"),
        (
            '{"openapi": "3.1.0", "paths": {}, "components": {"schemas": []}}',
            "#/components/schemas: is not an",
        ),
    ],
)
def test_wrong_content(write, content, reason):
    """A file that is no contract is refused in one line that names it and says why."""
    path = write(content, "pets")
    with pytest.raises(ContractError) as raised:
        load_contract(path)
    message = str(raised.value)
    assert message.startswith(str(path))
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "reason"), [("missing.json", "No such file"), (".", "Is a directory"), ("a\0b", "null byte")]
)
def test_unreadable_file(tmp_path, name, reason):
    """A file that cannot be read is named, with the reason."""
    with pytest.raises(ContractError, match=f"cannot be read: .*{reason}"):
        load_contract(os.path.join(tmp_path, name))  # noqa: PTH118 -- Path would drop the dot


def test_from_a_url(minimal, serve):
    """A contract can come from a URL, and refer to what the same origin serves."""
    minimal["components"] = {"schemas": {"Pet": {"$ref": "schemas/pet.json"}}}
    url = serve({"/v2/pets.json": minimal, "/v2/schemas/pet.json": {"type": "object"}}) + "/v2/pets.json"
    contract = load_contract(url)
    assert contract.source == url
    assert contract.document["components"]["schemas"] == {
        "Pet": {"$ref": "#/components/schemas/pet"},
        "pet": {"type": "object"},
    }


def test_url_may_not_lead_to_another_origin(minimal, serve):
    """A contract from a URL cannot make us ask another host, whose response would be published."""
    other = serve({"/secret.json": {"type": "object"}})
    minimal["components"] = {"schemas": {"Pet": {"$ref": f"{other}/secret.json"}}}
    url = serve({"/pets.json": minimal}) + "/pets.json"
    with pytest.raises(ContractError, match=r"#/components/schemas/Pet: .* nor at its origin"):
        load_contract(url)


def test_redirects_are_not_followed(serve, minimal):
    """A redirect, which could lead to another origin, is an error."""
    with pytest.raises(ContractError, match=r"cannot be read: .*302"):
        load_contract(serve({"/": 302, "/pets.json": minimal}) + "/")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1/", "https://exa mple/"])
def test_unreachable_url(url):
    """A URL that nothing responds at, or that is none, is named with the reason."""
    with pytest.raises(ContractError, match="cannot be read"):
        load_contract(url)


def test_url_without_a_host():
    """What was expected is said."""
    with pytest.raises(ContractError, match=r"has no host; expected http://HOST/PATH\.$"):
        load_contract("http:///pets.json")


def test_overlays_are_applied_in_order(minimal, write):
    """Overlays are applied in the order given; another contract than the packaged one gets none by itself."""
    path = write(minimal)
    overlays = [
        write(
            {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"version": str(n)}}]},
            f"{n}.json",
        )
        for n in (2, 1)
    ]
    assert load_contract(path).version == "2.3.4"
    assert load_contract(path, overlays).version == "1"


def test_result_of_overlays_is_validated(minimal, write):
    """What overlays make of a valid document has to be valid too."""
    overlay = write({"overlay": "1.0.0", "actions": [{"target": "$.info.version", "remove": True}]}, "o.json")
    with pytest.raises(ContractError, match=r"#/info: .version. is a required"):
        load_contract(write(minimal), [overlay])


def descend(document, steps):
    """Return the holder and key of a part of a document, chosen by numbers."""
    holder, key = {"": document}, ""
    for step in steps:
        part = holder[key]
        if not isinstance(part, dict | list) or not part:
            break
        holder, key = part, list(part)[step % len(part)] if isinstance(part, dict) else step % len(part)
    return holder, key


WHOLE = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "parameters": [{"name": "q", "in": "query", "schema": {"type": ["string", "null"]}}],
                "responses": {"200": {"$ref": "#/components/responses/Pet"}, "default": {"description": ""}},
                "callbacks": {
                    "done": {"{$request.query.q}": {"post": {"responses": {"2XX": {"description": ""}}}}}
                },
            },
            "put": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
                },
                "responses": {
                    "204": {"description": "", "headers": {"X": {"$ref": "#/components/headers/X"}}}
                },
            },
        },
        "/more": {"$ref": "#/components/pathItems/more"},
    },
    "components": {
        "parameters": {"id": {"name": "id", "in": "path", "required": True, "schema": True}},
        "responses": {
            "Pet": {"description": "", "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
        },
        "headers": {"X": {"schema": {"type": "integer"}}},
        "schemas": {
            "Pet": {"$id": "urn:pet", "$defs": {"n": {"minimum": 1}}, "items": {"$ref": "#/$defs/n"}}
        },
        "pathItems": {"more": {"get": {"responses": {"200": {"description": ""}}}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X"}},
    },
}
VALUES = [None, True, 0, -1.5, "", "x", "/{a", "\0", "#", "#/paths", "#/components/parameters/id", "http://["]
PARTS = [[], [None], {}, {"": None}, {"$ref": "#"}, {"$ref": 5}, {"$id": "http://["}, {"$schema": "x"}]
JUNK = st.sampled_from([*VALUES, *PARTS, {"type": "x"}, "../x", {"$ref": "../x"}, {"$ref": "\0"}])
DAMAGE = st.tuples(
    st.lists(st.integers(0, 9), min_size=1, max_size=9), JUNK, st.sampled_from(["put", "drop", "rename"])
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A file for one document after the other."""
    return tmp_path_factory.mktemp("damaged") / "pets.json"


@settings(max_examples=300, deadline=None)
@given(damages=st.lists(DAMAGE, max_size=3))
def test_any_damage_is_reported(scratch, damages):
    """However a document is damaged, it is a contract or a ContractError of one line, and nothing else."""
    document = json.loads(json.dumps(WHOLE))
    for steps, junk, damage in damages:
        holder, key = descend(document, steps)
        part = holder.pop(key)
        if damage == "put" and isinstance(holder, dict):
            holder[key] = deepcopy(junk)
        elif damage == "rename" and isinstance(holder, dict):
            holder[str(junk)] = part
    scratch.write_text(json.dumps(document))
    message = ""
    try:
        assert load_contract(scratch).security_schemes is not None
    except ContractError as error:
        message = str(error)
    assert message == "" or message.startswith(str(scratch))
    assert "\n" not in message


def test_undamaged_document_loads(write):
    """The document that the test above damages is whole."""
    assert len(load_contract(write(WHOLE)).operations) == 3
