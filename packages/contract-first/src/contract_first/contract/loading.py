"""Loads a contract: reads it, applies overlays, embeds other files, and validates or repairs the result."""

import os
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from contract_first.imports import resting_collector

from .contract import Contract, digest
from .document import pointers
from .document.anatomy import METHODS
from .document.defects import Defect
from .document.errors import SPLIT, ContractError
from .document.fetching import FOLLOWED, References, following
from .reading.embedding import embed
from .reading.extent import check_extent
from .reading.inlining import place_path_items
from .reading.overlay import apply_overlay
from .reading.reading import read_document

PARTS_31 = ("paths", "webhooks", "components")
"""A document has one of them at least (OpenAPI 3.1.0, section 4.8.1)."""
MAX_OPERATIONS = 30_000


@resting_collector()
def load_contract(
    path: Path | str,
    overlays: Sequence[Path] = (),
    *,
    lenient: bool = False,
    strict: bool = False,
    known_valid: Collection[str] = (),
    references: References | None = None,
) -> Contract:
    """Return the contract in a JSON or YAML file, or at an HTTP(S) URL.

    Args:
        overlays: OpenAPI Overlay 1.0 or 1.1 documents, applied in this order.
        lenient: repair or leave out what is wrong in the document, and list it in ``Contract.defects``.
        strict: from OpenAPI 3.1 on, require ``readOnly`` members of requests, too, and ``writeOnly`` ones of
            responses, as JSON Schema does; see ``Contract.strict``.
        known_valid: digests of effective documents to load without validation; a test validates them.
        references: follow those to other origins, and out of the document's folder; by default, none may
            lead there, unless `following` is entered.

    Raises:
        ContractError: a file cannot be read, or is not valid; names the file and the JSON pointer.
    """
    references = references or FOLLOWED.get()
    with following(references):
        contract = _loaded(os.fspath(path), overlays, lenient=lenient, known_valid=known_valid)
    return replace(contract, references=references, strict=strict) if references or strict else contract


def _loaded(
    source: str, overlays: Sequence[Path], *, lenient: bool, known_valid: Collection[str]
) -> Contract:
    defects: list[Defect] = []
    if lenient:
        from .repair.leniency import read_leniently  # noqa: PLC0415 -- half a second that the packaged contract need not pay

        document, complete = read_leniently(source, defects)
    else:
        document, origins = _as_openapi(read_document(source), source)
        complete = partial(_complete, document, source, known_valid, origins)
    _check_outline(document, source)
    unmatched: list[str] = []
    if overlays:
        place_path_items(document, source)
    for overlay in overlays:
        unmatched += apply_overlay(document, read_document(str(overlay)), str(overlay))
    disabled, origins = complete()
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
    return load_contract(
        contract.source,
        contract.overlays,
        lenient=contract.lenient,
        strict=contract.strict,
        references=contract.references,
    )


def repaired(contract: Contract) -> Contract:
    """Return a contract as if it had been read leniently: without parts that are valid but unusable."""
    if contract.lenient:
        return contract
    from .repair.leniency import complete  # noqa: PLC0415 -- half a second that the packaged contract need not pay

    document, defects = deepcopy(contract.document), list(contract.defects)
    disabled, origins = complete(document, contract.source, contract.origins, defects)
    return replace(contract, document=document, defects=tuple(defects), disabled=disabled, origins=origins)


def _as_openapi(document: dict[str, Any], source: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a document, one of Swagger 2.0 as OpenAPI 3.0, and pointers into the original by those of now.

    Raises:
        ContractError: a part of it is wrong, and has no place in OpenAPI.
    """
    if str(document.get("swagger")) != "2.0":
        return document, {}
    from .repair.leniency import converted  # noqa: PLC0415 -- half a second that OpenAPI need not pay

    defects: list[Defect] = []
    document, origins, _ = converted(document, source, defects)
    for defect in defects:
        raise ContractError(defect.source, defect.pointer, defect.reason)
    return document, origins


def _complete(
    document: dict[str, Any], source: str, known_valid: Collection[str], origins: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Embed other files, and validate the document; no operation is disabled, and nothing is moved."""
    if digest(document) in known_valid:
        return {}, {}
    from .validation import validate  # noqa: PLC0415 -- half a second that the packaged contract need not pay

    try:
        _check_outline(document, source)
        locations = embed(document, source)
        check_extent(locations)
        validate(locations)
    except ContractError as error:
        if not origins or error.source != source:
            raise
        raise ContractError(source, pointers.mapped(error.pointer, origins), error.reason) from None
    return {}, origins


def _operations_in(item: dict[str, Any]) -> int:
    others = item.get("additionalOperations")
    return len(item.keys() & set(METHODS)) + (len(others) if isinstance(others, dict) else 0)


def _check_outline(document: dict[str, Any], source: str) -> None:
    """Refuse a document that is not OpenAPI 3.0 to 3.2 in outline, and say what it is instead."""
    if "swagger" in document:
        raise ContractError(
            source,
            "/swagger",
            f"is Swagger {document['swagger']}; expected Swagger 2.0, or OpenAPI 3.0, 3.1 or 3.2.",
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.", "3.2.")):
        state = "missing" if version is None else repr(version)
        raise ContractError(source, "/openapi", f"is {state}; expected a string, 3.0.x, 3.1.x or 3.2.x.")
    parts = ("paths",) if version.startswith("3.0.") else PARTS_31
    if document.keys().isdisjoint(parts):
        expected = " or ".join(parts) if len(parts) > 1 else "an object"
        raise ContractError(source, "/paths", f"is missing; expected {expected}.")
    _check_operations(document, source)
    _check_components(document, source)


def _check_operations(document: dict[str, Any], source: str) -> None:
    left = MAX_OPERATIONS
    for name in ("paths", "webhooks"):
        items = document.get(name)
        items = items.values() if isinstance(items, dict) else ()
        left -= sum(_operations_in(item) for item in items if isinstance(item, dict))
        if left < 0:
            raise ContractError(source, f"/{name}", f"has more than {MAX_OPERATIONS} operations. {SPLIT}")


def _check_components(document: dict[str, Any], source: str) -> None:
    components = document.get("components", {})
    if not isinstance(components, dict):
        raise ContractError(source, "/components", "is not an object.")
    for section, members in components.items():
        if not isinstance(members, dict) and not section.startswith("x-"):
            raise ContractError(source, f"/components/{section}", "is not an object.")
