"""What references bring in or share is bounded, and looked at once."""

import gc

import pytest

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document import pointers
from contract_first.contract.linting import linter
from contract_first.contract.reading import inlining, reading
from contract_first.contract.repair import unusable

from .conftest import DOCUMENT, GET, PET

TOO_MUCH = "brings in more than 67108864 characters from other files"


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(("part", "copies"), [("x" * 20_000, 1), ([[each] for each in range(35)], 9)])
def test_files_without_end(write, monkeypatch, part, copies, lenient):
    """So is one that brings in too much of other files, counted as often as it is copied."""
    monkeypatch.setattr("contract_first.contract.reading.embedding.MAX_CHARACTERS", 20_000)
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"$ref": "part.json#/item"}}}
    write({"item": {"get": GET}}, "part.json")
    assert load_contract(write(document), lenient=lenient).operations
    write({"item": {"get": {**GET, "x-rows": part}}}, "part.json")
    paths = {f"/{number}": {"$ref": "part.json#/item"} for number in range(copies)}
    with pytest.raises(ContractError, match=TOO_MUCH):
        load_contract(write({**document, "paths": paths}), lenient=lenient)


def test_prose_without_end(write, monkeypatch):
    """What stands in the place of a reference where none may be counts as well."""
    monkeypatch.setattr("contract_first.contract.reading.embedding.MAX_CHARACTERS", 20_000)
    write("x" * 3000, "part.md")
    tags = [{"name": f"t{number}", "description": {"$ref": "part.md"}} for number in range(9)]
    assert load_contract(write({"openapi": "3.1.0", **DOCUMENT, "tags": tags[:2]}), lenient=True).defects
    with pytest.raises(ContractError, match=TOO_MUCH):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "tags": tags}), lenient=True)


def test_a_file_that_cannot_be_read_is_read_once(write, monkeypatch):
    """However many references lead into it."""
    read = []

    def noting(source, defects=None):
        read.append(source)
        return read_document(source, defects)

    read_document = inlining.read_document
    monkeypatch.setattr(inlining, "read_document", noting)
    write("{]", "part.json")
    names = {f"S{number}": {"$ref": f"part.json#/{number}"} for number in range(5)}
    contract = load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": names}}), lenient=True
    )
    assert len(contract.defects) == 5
    assert len(read) == 1


def test_alternatives_that_many_share_are_looked_at_once(write, monkeypatch):
    """Each schema is compared with its alternatives once, wherever references lead to it."""
    looked_at = []

    def noting(schema, change):
        looked_at.append(id(schema.get("properties")))
        return map_subschemas(schema, change)

    map_subschemas = unusable.map_subschemas
    monkeypatch.setattr(unusable, "map_subschemas", noting)
    lists = {f"S{number}": {"oneOf": [{"$ref": f"#{PET}"}, {"type": "null"}]} for number in range(9)}
    components = {"schemas": {"Pet": {"properties": {"name": {"type": "string"}}}, **lists}}
    assert not load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "components": components}), lenient=True
    ).defects
    assert len([each for each in looked_at if each != id(None)]) == 1


@pytest.mark.parametrize("lenient", [True, False])
def test_objects_multiplied_by_references(write, monkeypatch, lenient):
    """Objects count as often as references lead to them, which count for no more, in others as well."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)
    parameters = {f"p{number}": {"name": f"p{number}", "in": "query", "schema": {}} for number in range(10)}
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in parameters]
    components = {"parameters": parameters, "pathItems": {"item": {"parameters": shared, "get": GET}}}

    def document(paths):
        items = {f"/{number}": {"$ref": "#/components/pathItems/item"} for number in range(paths)}
        return write({"openapi": "3.1.0", **DOCUMENT, "paths": items, "components": components})

    assert len(load_contract(document(20), lenient=lenient).operations) == 20
    assert len(load_contract(document(40), lenient=lenient).operations) == 40
    with pytest.raises(
        ContractError, match="has more than 1000 operations, parameters, responses, schemas and so on"
    ):
        load_contract(document(80), lenient=lenient)


@pytest.mark.parametrize("lenient", [True, False])
def test_dynamic_references_in_many_resources(write, monkeypatch, lenient):
    """Each may lead to an anchor of any of them, so it counts as often as there are resources."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)

    def document(resources):
        tree = {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}}
        schemas = {f"s{number}": {"$id": f"urn:{number}", **tree} for number in range(resources)}
        return write({"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": schemas}})

    assert load_contract(document(20), lenient=lenient)
    with pytest.raises(ContractError, match="has more than 1000 operations"):
        load_contract(document(40), lenient=lenient)


def test_what_operations_share_is_looked_up_once(write, monkeypatch):
    """However many operations refer to it, the operations of a contract find it once."""
    shared = {f"p{number}": {"name": f"p{number}", "in": "query", "schema": {}} for number in range(5)}
    operation = {**GET, "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in shared]}
    paths = {f"/{number}": {"get": operation} for number in range(20)}
    contract = load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "paths": paths, "components": {"parameters": shared}})
    )
    found = []
    lookup = pointers.lookup
    monkeypatch.setattr(pointers, "lookup", lambda *place: found.append(place[1]) or lookup(*place))
    assert len(Contract(contract.document, contract.source).operations) == 20
    assert sorted(found) == [f"/components/parameters/{name}" for name in shared]


def test_a_file_is_read_again_only_for_lines(write, monkeypatch):
    """What was wrong in its YAML has its lines already."""
    monkeypatch.setattr(reading, "lines_of", None)
    text = "openapi: 3.1.0\ninfo: &info {title: t, version: '1'}\npaths: {}\nx-info: {<<: *info}\n"
    (defect,) = load_contract(write(text, "merged.yaml"), lenient=True).defects
    assert (defect.line, defect.pointer) == (4, "/x-info/<<")


def test_linting_keeps_the_collector_at_rest(write, monkeypatch):
    """It would look at the whole document again and again, as it would while one is loaded."""
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"get": GET}}}))
    enabled = []
    found = linter.with_lines
    monkeypatch.setattr(linter, "with_lines", lambda listed: enabled.append(gc.isenabled()) or found(listed))
    assert linter.lint(contract)
    assert enabled == [False]
    assert gc.isenabled()


def test_references_without_end(write):
    """What is put in the place of references does not grow without end."""
    parts = {f"p{n}": {"a": {"$ref": f"#/x-p/p{n + 1}"}, "b": {"$ref": f"#/x-p/p{n + 1}"}} for n in range(60)}
    info = {"title": "Pets", "version": "1", "contact": {"$ref": "#/x-p/p0"}}
    assert load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "x-p": parts, "info": info}), lenient=True
    ).defects
