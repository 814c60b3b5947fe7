"""Loads a contract: reads it, applies overlays, brings in what it refers to, and validates the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contract import Contract, digest
from .errors import ContractError
from .overlay import apply_overlay
from .reading import read_document

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

PARTS_31 = ("paths", "webhooks", "components")
"""Any of them makes a document (OpenAPI 3.1.0, section 4.8.1)."""


def load_contract(
    path: Path | str, overlays: Sequence[Path] = (), *, known_valid: Collection[str] = ()
) -> Contract:
    """Return the contract in a JSON or YAML file, or at an HTTP(S) URL.

    Args:
        path: the file or URL.
        overlays: OpenAPI Overlay 1.0 documents, applied in this order.
        known_valid: digests of effective documents that need no validation, as a test has validated them.

    Raises:
        ContractError: a file cannot be read, or is not valid; names the file and the JSON pointer.
    """
    source = str(path)
    document = read_document(source)
    _check_outline(document, source)
    for overlay in overlays:
        apply_overlay(document, read_document(str(overlay)), str(overlay))
    if digest(document) not in known_valid:
        _complete(document, source)
    contract = Contract(document, source)
    _ = contract.operations  # their errors belong here
    return contract


def _complete(document: dict[str, Any], source: str) -> None:
    from .embedding import embed  # noqa: PLC0415 -- half a second of imports that the packaged contract need not pay
    from .validation import validate  # noqa: PLC0415 -- the same

    _check_outline(document, source)
    embed(document, source)
    validate(document, source)


def _check_outline(document: dict[str, Any], source: str) -> None:
    """Refuse what is not OpenAPI 3.0 or 3.1, or not in outline, in words that tell what it is instead."""
    if "swagger" in document:
        raise ContractError(
            source, "/swagger", f"is Swagger {document['swagger']}; expected OpenAPI 3.0 or 3.1."
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.")):
        raise ContractError(source, "/openapi", f"is {version!r}; expected a string, 3.0.x or 3.1.x.")
    parts = PARTS_31 if version.startswith("3.1.") else ("paths",)
    if document.keys().isdisjoint(parts):
        raise ContractError(source, "/paths", f"is missing; expected {' or '.join(parts)}.")
    components = document.get("components", {})
    if not isinstance(components, dict):
        raise ContractError(source, "/components", "is not an object.")
    for section, members in components.items():
        if not isinstance(members, dict) and not section.startswith("x-"):
            raise ContractError(source, f"/components/{section}", "is not an object.")
