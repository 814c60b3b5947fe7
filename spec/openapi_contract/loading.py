"""Loads a contract: reads it, applies overlays, brings in what it refers to, and validates the result."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import pointers
from .anatomy import METHODS
from .contract import Contract, digest
from .defects import Defect, Located
from .errors import ContractError
from .extent import check_extent
from .imports import resting_collector
from .overlay import apply_overlay
from .reading import read_document, read_text, suffix_of

if TYPE_CHECKING:
    from .inlining import LenientEmbedding

PARTS_31 = ("paths", "webhooks", "components")
"""Any of them makes a document (OpenAPI 3.1.0, section 4.8.1)."""
SWAGGER_SECTIONS = ("definitions", "parameters", "responses")
Placed = TypeVar("Placed", bound=Located)
MAX_OPERATIONS = 20_000
MAX_DEFECTS = 10_000
VERSION = re.compile(r"3\.(?:0\.\d|[12]\.\d+)(-.+)?")


@resting_collector()
def load_contract(
    path: Path | str,
    overlays: Sequence[Path] = (),
    *,
    lenient: bool = False,
    known_valid: Collection[str] = (),
) -> Contract:
    """Return the contract in a JSON or YAML file, or at an HTTP(S) URL.

    Args:
        path: the file or URL.
        overlays: OpenAPI Overlay 1.0 or 1.1 documents, applied in this order.
        lenient: repair or leave out what is wrong in the document, and list it in ``Contract.defects``.
        known_valid: digests of effective documents that need no validation, as a test has validated them.

    Raises:
        ContractError: a file cannot be read, or is not valid; names the file and the JSON pointer.
    """
    source = os.fspath(path)
    defects: list[Defect] = []
    document = read_document(source, defects if lenient else None)
    origins: dict[str, str] = {}
    swagger: LenientEmbedding | None = None
    if lenient:
        origins = _repair_outline(document, source, defects)
    if lenient and str(document.get("swagger")).startswith("2"):
        document, converted, swagger = _converted(document, source, defects)
        origins |= {pointer: pointers.mapped(was, origins) for pointer, was in converted.items()}
    _check_outline(document, source)
    unmatched: list[str] = []
    for overlay in overlays:
        unmatched += apply_overlay(document, read_document(str(overlay)), str(overlay))
    disabled: dict[str, str] = {}
    if lenient:
        disabled, origins = _complete_leniently(document, source, origins, defects, swagger)
    elif digest(document) not in known_valid:
        _complete(document, source)
    contract = Contract(
        document,
        source,
        tuple(overlays),
        lenient,
        tuple(defects),
        disabled=disabled,
        origins=origins,
        unmatched=tuple(unmatched),
    )
    _ = contract.operations  # their errors belong here
    return contract


def reload(contract: Contract) -> Contract:
    """Load a contract again as it was loaded before; raises the same."""
    return load_contract(contract.source, contract.overlays, lenient=contract.lenient)


def repaired(contract: Contract) -> Contract:
    """Return a contract without what is valid and unusable, as if it had been read leniently."""
    if contract.lenient:
        return contract
    document, defects = deepcopy(contract.document), list(contract.defects)
    disabled, origins = _complete_leniently(document, contract.source, contract.origins, defects)
    return replace(contract, document=document, defects=tuple(defects), disabled=disabled, origins=origins)


def _complete(document: dict[str, Any], source: str) -> None:
    from .embedding import embed  # noqa: PLC0415 -- half a second of imports that the packaged contract need not pay
    from .validation import validate  # noqa: PLC0415 -- the same

    _check_outline(document, source)
    places = embed(document, source)
    check_extent(places)
    validate(places)


def _converted(
    document: dict[str, Any], source: str, defects: list[Defect]
) -> tuple[dict[str, Any], dict[str, str], LenientEmbedding]:
    """Return the OpenAPI document of a Swagger document, its origins there, and what brought its files in."""
    from .inlining import LenientEmbedding  # noqa: PLC0415 -- for few documents
    from .swagger import OPENAPI, openapi_of  # noqa: PLC0415 -- the same

    embedding = LenientEmbedding(document, source, defects)
    check_extent(embedding.run())
    try:
        converted, origins, spare = openapi_of(document)
    except ValueError as error:
        raise ContractError(source, "", str(error)) from None
    defects.append(Defect(source, 0, "/swagger", f"is Swagger 2.0; read as OpenAPI {OPENAPI}.", "converted"))
    for file, pointer in map(embedding.origin, spare):
        defects.append(Defect(file, 0, pointer, "is in the body, as another parameter is.", "left out"))
    return converted, origins, embedding


def _complete_leniently(
    document: dict[str, Any],
    source: str,
    origins: Mapping[str, str],
    defects: list[Defect],
    swagger: LenientEmbedding | None = None,
) -> tuple[dict[str, str], dict[str, str]]:
    """Make a document complete and valid, and note what was wrong.

    Args:
        document: the document; changed in place.
        source: the file or URL that it comes from.
        origins: pointers of the document that it was converted from, by those of this one.
        defects: gets what was wrong.
        swagger: what brought the files of that document into it.

    Returns:
        Why operations are disabled, by their pointers; and the origins of what is in the document now.
    """
    from .inlining import LenientEmbedding  # noqa: PLC0415 -- the same
    from .repair import repair  # noqa: PLC0415 -- the same

    embedding = LenientEmbedding(document, source, defects)
    if swagger is not None:
        embedding.unresolved.update(swagger.unresolved)
    places = embedding.run()
    check_extent(places)
    most = max(0, MAX_DEFECTS - len(set(defects)))
    repairs, moved = repair(places, embedding.unresolved, most=most)
    read_at = {}
    for pointer, reason, action in repairs:
        read_at[pointer] = file, place = embedding.origin(pointer)
        if file == source:
            was = pointers.mapped(place, origins)
            read_at[pointer] = (file, was) if swagger is None else swagger.origin(was)
        defects.append(Defect(read_at[pointer][0], 0, read_at[pointer][1], reason, action))
    defects[:] = with_lines(defects)
    reasons = {(each.source, each.pointer): str(each) for each in defects}
    disabled = {
        pointer: reasons[read_at[pointer]] for pointer, _, action in repairs if action == "operation disabled"
    }
    now = {read: pointer for pointer, read in moved.items()}
    kept = {pointers.mapped(pointer, now): origin for pointer, origin in origins.items()}
    return disabled, kept | {pointer: pointers.mapped(read, origins) for pointer, read in moved.items()}


def with_lines(defects: Iterable[Placed]) -> list[Placed]:
    """Return what is wrong once and with its line, in the order of the files."""
    from .lines import lines_of  # noqa: PLC0415 -- most documents have none

    by_source: dict[str, list[Placed]] = {}
    for defect in dict.fromkeys(defects):
        by_source.setdefault(defect.source, []).append(defect)
    found: list[Placed] = []
    for source, listed in by_source.items():
        try:
            lines = lines_of(read_text(source), suffix_of(source), [each.pointer for each in listed])
        except (ValueError, LookupError, ContractError):
            lines = {}
        placed = (each if each.line else replace(each, line=_line(each.pointer, lines)) for each in listed)
        found += sorted(placed, key=lambda each: (each.line, pointers.order(each.pointer)))
    return found


def _line(pointer: str, lines: dict[str, int]) -> int:
    """Return the line of a pointer, or of what would hold it."""
    keys = pointers.split(pointer)
    outwards = (pointers.join("", *keys[:length]) for length in range(len(keys), -1, -1))
    return next((lines[each] for each in outwards if each in lines), 0)


def _repair_outline(document: dict[str, Any], source: str, defects: list[Defect]) -> dict[str, str]:
    """Repair what has to be right before anything else can be found; return where paths came from."""

    def repaired(pointer: str, reason: str) -> None:
        defects.append(Defect(source, 0, pointer, reason, "repaired"))

    version = document.get("openapi")
    if "swagger" not in document and not (isinstance(version, str) and VERSION.fullmatch(version)):
        named = re.match(r"3\b(?:\.(\d))?", str(version))
        document["openapi"] = f"3.{min(named[1] or '1', '2')}.0" if named else "3.1.0"
        if named or (version is None and isinstance(document.get("paths"), dict)):
            found = "missing" if version is None else repr(version)
            repaired("/openapi", f"is {found}; expected a version. Read as {document['openapi']}.")
        else:
            document["openapi"] = version
    for name in ("paths", *SWAGGER_SECTIONS) if "swagger" in document else PARTS_31:
        if name in document and not isinstance(document[name], dict):
            document[name] = {}
            repaired(f"/{name}", "is not an object.")
    components = document.get("components", {})
    for name in [name for name, members in components.items() if not isinstance(members, dict)]:
        if not name.startswith("x-"):
            del components[name]
            repaired(pointers.join("/components", name), "is not an object.")
    if not isinstance(document.get("x-ms-paths"), dict):
        return {}
    repaired("/x-ms-paths", "are paths with a query; read as paths.")
    return _join_paths(document, source, defects)


def _join_paths(document: dict[str, Any], source: str, defects: list[Defect]) -> dict[str, str]:
    """Put what is below ``x-ms-paths`` among the paths; return where it came from."""
    more, paths = document.pop("x-ms-paths"), document.setdefault("paths", {})
    origins = {}
    for path, item in more.items():
        own = paths.get(path)
        if not (isinstance(item, dict) and isinstance(own, dict)):
            origins[pointers.join("/paths", path)] = pointers.join("/x-ms-paths", path)
            paths[path] = item
            continue
        for name in item:
            place = pointers.join("/x-ms-paths", path, name)
            if name not in own:
                origins[pointers.join("/paths", path, name)] = place
            elif name in METHODS:
                defects.append(Defect(source, 0, place, "is an operation of paths, too.", "left out"))
        paths[path] = {**item, **own}
    return origins


def _operations_in(item: dict[str, Any]) -> int:
    others = item.get("additionalOperations")
    return len(item.keys() & set(METHODS)) + (len(others) if isinstance(others, dict) else 0)


def _check_outline(document: dict[str, Any], source: str) -> None:
    """Refuse what is not OpenAPI 3.0 to 3.2, or not in outline, in words that tell what it is instead."""
    if "swagger" in document:
        raise ContractError(
            source, "/swagger", f"is Swagger {document['swagger']}; expected OpenAPI 3.0, 3.1 or 3.2."
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.", "3.2.")):
        found = "missing" if version is None else repr(version)
        raise ContractError(source, "/openapi", f"is {found}; expected a string, 3.0.x, 3.1.x or 3.2.x.")
    parts = ("paths",) if version.startswith("3.0.") else PARTS_31
    if document.keys().isdisjoint(parts):
        raise ContractError(source, "/paths", f"is missing; expected {' or '.join(parts)}.")
    left = MAX_OPERATIONS
    for name in ("paths", "webhooks"):
        items = document.get(name)
        items = items.values() if isinstance(items, dict) else ()
        left -= sum(_operations_in(item) for item in items if isinstance(item, dict))
        if left < 0:
            raise ContractError(source, f"/{name}", f"has more than {MAX_OPERATIONS} operations.")
    components = document.get("components", {})
    if not isinstance(components, dict):
        raise ContractError(source, "/components", "is not an object.")
    for section, members in components.items():
        if not isinstance(members, dict) and not section.startswith("x-"):
            raise ContractError(source, f"/components/{section}", "is not an object.")
