"""Reads a document leniently: flaws are repaired or left out, and noted as defects."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import METHODS
from contract_first.contract.document.defects import Defect
from contract_first.contract.document.errors import ContractError
from contract_first.contract.reading.extent import check_extent
from contract_first.contract.reading.inlining import LenientEmbedding
from contract_first.contract.reading.reading import read_document, with_lines

from .repair import repair
from .swagger import openapi_of

SECTIONS = {
    "openapi": ("paths", "webhooks", "components"),
    "swagger": ("paths", "definitions", "parameters", "responses"),
}
"""Members of a document that are objects."""
ROOT = {name.lower(): name for name in (*SECTIONS, "info", *SECTIONS["openapi"], *SECTIONS["swagger"])}
"""Members of a document by their lower-case spelling."""
Completed = tuple[dict[str, str], dict[str, str]]
"""Why operations are disabled, by their pointers; and pointers into the original, by those of now."""
Repaired = Callable[[str, str], None]
"""Notes what was repaired: its JSON pointer, and what was wrong."""
MAX_DEFECTS = 10_000
VERSION = re.compile(r"3\.(?:0\.\d|[12]\.\d+)(-.+)?")


def read_leniently(source: str, defects: list[Defect]) -> tuple[dict[str, Any], Callable[[], Completed]]:
    """Return the document in a file or at a URL, as OpenAPI 3 in outline, and a function to complete it.

    Args:
        defects: gets what was wrong, and when it is completed the rest of that.
    """
    document = read_document(source, defects)
    origins, swagger = _repair_outline(document, source, defects), None
    if str(document.get("swagger")).startswith("2"):
        document, moved, swagger = converted(document, source, defects)
        origins |= {pointer: pointers.mapped(was, origins) for pointer, was in moved.items()}
    return document, partial(complete, document, source, origins, defects, swagger)


def _repair_outline(document: dict[str, Any], source: str, defects: list[Defect]) -> dict[str, str]:
    """Repair the outline of a document, on which validators rely; return the origins of moved paths."""

    def repaired(pointer: str, reason: str) -> None:
        defects.append(Defect(source, 0, pointer, reason, "repaired"))

    _spell_members(document, repaired)
    if "swagger" not in document:
        _repair_version(document, repaired)
    _empty_sections(document, source, repaired)
    origins: dict[str, str] = {}
    if "swagger" not in document and isinstance(document.get("definitions"), dict):
        repaired("/definitions", "are of Swagger 2.0; read as schemas of the components.")
        origins |= _join_definitions(document)
    if isinstance(document.get("x-ms-paths"), dict):
        repaired("/x-ms-paths", "are paths with a query; read as paths.")
        origins |= _join_paths(document, source, defects)
    return origins


def _spell_members(document: dict[str, Any], repaired: Repaired) -> None:
    """Write the names of members as OpenAPI does."""
    for name in [name for name in document if ROOT.get(name.strip().lower(), name) not in document]:
        spelling = ROOT[name.strip().lower()]
        document[spelling] = document.pop(name)
        repaired(pointers.join("", name), f"is no member; read as {spelling!r}.")


def _repair_version(document: dict[str, Any], repaired: Repaired) -> None:
    """Replace a version that is incomplete, or missing from a document with paths."""
    version = document.get("openapi")
    if isinstance(version, str) and VERSION.fullmatch(version):
        return
    number = re.match(r"3\b(?:\.(\d))?", str(version))
    if number or (version is None and isinstance(document.get("paths"), dict)):
        document["openapi"] = f"3.{min(number[1] or '1', '2')}.0" if number else "3.1.0"
        state = "missing" if version is None else repr(version)
        repaired("/openapi", f"is {state}; expected a version. Read as {document['openapi']}.")


def _empty_sections(document: dict[str, Any], source: str, repaired: Repaired) -> None:
    """Empty the sections of a document that are no objects, and leave out those of its components."""
    if isinstance(document.get("paths"), list):
        raise ContractError(source, "/paths", "is an array; expected an object, with a member for each path.")
    for name in SECTIONS["swagger" if "swagger" in document else "openapi"]:
        if name in document and not isinstance(document[name], dict):
            document[name] = {}
            repaired(f"/{name}", "is not an object.")
    components = {} if "swagger" in document else document.get("components", {})
    for name in [name for name, members in components.items() if not isinstance(members, dict)]:
        if not name.startswith("x-"):
            del components[name]
            repaired(pointers.join("/components", name), "is not an object.")


def _join_definitions(document: dict[str, Any]) -> dict[str, str]:
    """Move definitions to the schemas of the components, unless one has the name; return their origins."""
    definitions = document.pop("definitions")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    names = [name for name in definitions if name not in schemas]
    schemas |= {name: definitions[name] for name in names}
    return {pointers.join("/components/schemas", name): pointers.join("/definitions", name) for name in names}


def _join_paths(document: dict[str, Any], source: str, defects: list[Defect]) -> dict[str, str]:
    """Move the members of ``x-ms-paths`` to the paths; return their origins."""
    more, paths = document.pop("x-ms-paths"), document.setdefault("paths", {})
    origins = {}
    for path, item in more.items():
        declared = paths.get(path)
        if not (isinstance(item, dict) and isinstance(declared, dict)):
            origins[pointers.join("/paths", path)] = pointers.join("/x-ms-paths", path)
            paths[path] = item
            continue
        for name in item:
            place = pointers.join("/x-ms-paths", path, name)
            if name not in declared:
                origins[pointers.join("/paths", path, name)] = place
            elif name in METHODS:
                defects.append(Defect(source, 0, place, "is an operation of paths, too.", "left out"))
        paths[path] = {**item, **declared}
    return origins


def converted(
    document: dict[str, Any], source: str, defects: list[Defect]
) -> tuple[dict[str, Any], dict[str, str], LenientEmbedding]:
    """Return the OpenAPI document of a Swagger document, its origins, and the embedding of its files.

    Args:
        defects: gets what has no place in it.
    """
    embedding = LenientEmbedding(document, source, defects)
    check_extent(embedding.run())
    try:
        openapi, origins, wrong = openapi_of(document)
    except ValueError as error:
        raise ContractError(source, "", str(error)) from None
    for pointer, reason, action in wrong:
        file, place = embedding.origin(pointer)
        defects.append(Defect(file, 0, place, reason, action))
    return openapi, origins, embedding


def complete(
    document: dict[str, Any],
    source: str,
    origins: Mapping[str, str],
    defects: list[Defect],
    swagger: LenientEmbedding | None = None,
) -> Completed:
    """Make a document complete and valid, and note its defects.

    Args:
        document: the document; changed in place.
        source: the file or URL that it comes from.
        origins: pointers of the document that it was converted from, by those of this one.
        defects: gets the defects.
        swagger: the embedding of the files of that document.
    """
    embedding = LenientEmbedding(document, source, defects)
    if swagger is not None:
        embedding.unresolved.update(swagger.unresolved)
    locations = embedding.run()
    check_extent(locations)
    most = max(0, MAX_DEFECTS - len(set(defects)))
    repairs, moved = repair(locations, embedding.unresolved, most=most)
    read_at = {}
    for pointer, reason, action in repairs:
        read_at[pointer] = file, place = embedding.origin(pointer)
        if file == source:
            was = pointers.mapped(place, origins)
            read_at[pointer] = (file, was) if swagger is None else swagger.origin(was)
        defects.append(Defect(read_at[pointer][0], 0, read_at[pointer][1], reason, action))
    defects[:] = with_lines(defects)
    reasons = {(defect.source, defect.pointer): str(defect) for defect in defects}
    disabled = {
        pointer: reasons[read_at[pointer]] for pointer, _, action in repairs if action == "operation disabled"
    }
    now = {read: pointer for pointer, read in moved.items()}
    known_origins = {pointers.mapped(pointer, now): origin for pointer, origin in origins.items()}
    return disabled, known_origins | {
        pointer: pointers.mapped(read, origins) for pointer, read in moved.items()
    }
