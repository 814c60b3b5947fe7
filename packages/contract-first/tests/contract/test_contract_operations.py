"""An operation has all that concerns it, wherever the document says it."""

import pytest

from contract_first.contract import ContractError, load_contract

OK = {"200": {"description": "OK"}}


@pytest.fixture
def operation(minimal, write):
    """Loads a document whose one path item is given, and returns its first operation."""

    def load(path_item, path="/pets", **members):
        return load_contract(write(minimal | members | {"paths": {path: path_item}})).operations[0]

    return load


def query(name, **members):
    """Return a query parameter."""
    return {"name": name, "in": "query", "schema": {"type": "string"}} | members


def test_what_an_operation_tells(operation):
    """An operation knows its id, method, path, place, tags and own object."""
    definition = {"operationId": "adopt", "tags": ["homes"], "responses": OK}
    read = operation({"post": definition}, "/a~b")
    assert (read.operation_id, read.method, read.path, read.tags) == ("adopt", "post", "/a~b", ("homes",))
    assert read.pointer == "/paths/~1a~0b/post"
    assert read.definition == definition


def test_order_is_that_of_the_document(minimal, write):
    """Operations come by path, then by method; extensions of paths and path items are none."""
    minimal["paths"] = {
        "/b": {"summary": "b", "post": {"responses": OK}, "get": {"responses": OK}},
        "x-note": {"get": {"responses": OK}},
        "/a": {"x-get": {}, "delete": {"responses": OK}},
    }
    read = load_contract(write(minimal)).operations
    assert [(one.method, one.path) for one in read] == [("get", "/b"), ("post", "/b"), ("delete", "/a")]


def test_shared_path_item(operation):
    """An operation of a path item that paths share by reference stands where that is."""
    shared = {"pathItems": {"shared": {"get": {"responses": OK}}}}
    read = operation({"$ref": "#/components/pathItems/shared"}, components=shared)
    assert (read.path, read.pointer) == ("/pets", "/components/pathItems/shared/get")


def test_parameters_are_merged(operation):
    """The operation's parameters replace the path item's of the same name and place, and only those."""
    header = query("limit") | {"in": "header"}
    read = operation(
        {
            "parameters": [query("limit"), query("sort"), header],
            "get": {"parameters": [query("limit", required=True), query("after")], "responses": OK},
        }
    )
    assert read.parameters == (query("limit", required=True), query("sort"), header, query("after"))


def test_ignored_header_parameters(operation):
    """Header parameters that OpenAPI says to ignore are not there; in a query the names are like others."""
    names = ["Accept", "content-type", "Authorization"]
    headers = [query(name) | {"in": "header"} for name in names]
    read = operation({"get": {"parameters": [*headers, query("Accept")], "responses": OK}})
    assert read.parameters == (query("Accept"),)


def test_schemas_are_left_as_they_stand(operation):
    """References of parameters, bodies, responses and headers are followed, those of schemas are not."""
    schema = {"$ref": "#/components/schemas/Pet", "minProperties": 1}
    content = {"application/json": {"schema": schema}}
    components = {
        "schemas": {"Pet": {"type": "object"}},
        "requestBodies": {"Pet": {"content": content}},
        "responses": {"Pet": {"description": "A pet", "headers": {"X": {"$ref": "#/components/headers/X"}}}},
        "headers": {"X": {"schema": schema}},
    }
    definition = {
        "requestBody": {"$ref": "#/components/requestBodies/Pet"},
        "responses": {"2XX": {"$ref": "#/components/responses/Pet"}, "x-note": "none"},
    }
    read = operation({"put": definition}, components=components)
    assert read.request_body == {"content": content}
    assert read.responses == {"2XX": {"description": "A pet", "headers": {"X": {"schema": schema}}}}
    assert read.definition == definition


@pytest.mark.parametrize(
    ("own", "default", "effective"),
    [
        (None, None, ()),
        (None, [{"key": []}], ({"key": []},)),
        ([], [{"key": []}], ()),
        ([{}], [{"key": []}], ({},)),
        (
            [{"key": [], "token": ["write"]}, {"token": []}],
            [],
            ({"key": [], "token": ["write"]}, {"token": []}),
        ),
    ],
    ids=["none", "default", "switched off", "optional", "own"],
)
def test_security(operation, own, default, effective):
    """The operation's own requirements count if it has any, an empty list too, else the document's."""
    members = {} if default is None else {"security": default}
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X"},
        "token": {"type": "http", "scheme": "bearer"},
    }
    definition = {"responses": OK} | ({} if own is None else {"security": own})
    assert (
        operation({"get": definition}, components={"securitySchemes": schemes}, **members).security
        == effective
    )


def test_security_schemes(minimal, write):
    """Security schemes are known by name, with references followed."""
    key = {"type": "apiKey", "in": "header", "name": "X"}
    minimal["components"] = {"securitySchemes": {"a": {"$ref": "#/components/securitySchemes/b"}, "b": key}}
    assert load_contract(write(minimal)).security_schemes == {"a": key, "b": key}


def test_undeclared_security_scheme(operation):
    """A requirement of a scheme that the document does not declare, which nobody could meet, is refused."""
    with pytest.raises(
        ContractError, match="#/paths/~1pets/get/security: the security scheme key is not declared"
    ):
        operation({"get": {"security": [{"key": []}], "responses": OK}})


def test_derived_operation_ids(minimal, write):
    """An operation without an id gets one from its method and path, the same each time."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": True}
    minimal["paths"] = {
        "/pets": {"get": {"responses": OK}},
        "/pets/": {"get": {"responses": OK}},
        "/pets/{id}": {"get": {"responses": OK}, "put": {"responses": OK}, "parameters": [parameter]},
    }
    ids = [one.operation_id for one in load_contract(write(minimal)).operations]
    assert ids == ["get_pets", "get_pets_", "get_pets__id_", "put_pets__id_"]


def test_operation_ids_are_unique(minimal, write):
    """An id that two operations declare is refused, naming both."""
    minimal["paths"]["/pets"]["get"]["operationId"] = "list_pets"
    minimal["paths"]["/pets/a"] = {"get": {"responses": OK, "operationId": "list_pets"}}
    with pytest.raises(ContractError, match="list_pets"):
        load_contract(write(minimal))


def test_derived_operation_ids_are_unique(minimal, write):
    """A name that another operation declares, or has had derived, is not given again."""
    minimal["paths"]["/pets"]["get"]["operationId"] = "get_pets_a"
    minimal["paths"] |= {path: {"get": {"responses": OK}} for path in ("/pets/a", "/pets_a")}
    ids = [one.operation_id for one in load_contract(write(minimal)).operations]
    assert ids == ["get_pets_a", "get_pets_a_2", "get_pets_a_3"]
