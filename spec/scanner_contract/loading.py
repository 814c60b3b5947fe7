"""Loads a contract: reads it, applies overlays, brings in what it refers to, and validates the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .contract import Contract, digest
from .errors import ContractError
from .overlay import apply_overlay
from .reading import read_document

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGED = Path(__file__).with_name("openapi-scanner.json")
PACKAGED_OVERLAYS = Path(__file__).with_name("overlays")

PARTS_31 = ("paths", "webhooks", "components")
"""Any of them makes a document (OpenAPI 3.1.0, section 4.8.1)."""

EXTENSIONS = PACKAGED_OVERLAYS / "extensions.yaml"

# digests of the packaged contract with all its overlays, and without the extensions, which a test holds to be
# valid: so no start has to check either again, nor import what checks it
KNOWN_VALID = {
    "86b4bf2d78f20ddb23f0f28165c7e264d12eba971bb880aa49b40471bf651252",
    "2d32f30a8b510cadb204234aa119738870b8ab00ea56a9259c9bc261b5e58351",
}


def load_contract(
    path: Path | str | None = None, overlays: Sequence[Path] | None = None, *, extensions: bool = True
) -> Contract:
    """Return the contract in a JSON or YAML file, or at an HTTP(S) URL.

    Args:
        path: the file or URL; the packaged contract by default.
        overlays: OpenAPI Overlay 1.0 documents, applied in this order; by default all of the package, in name
            order, for the packaged contract, and none for another.
        extensions: whether the operations that the packaged contract promises only in prose are among them.

    Raises:
        ContractError: a file cannot be read, or is not valid; names the file and the JSON pointer.
    """
    source = str(path or PACKAGED)
    if overlays is None:
        overlays = packaged_overlays(extensions=extensions) if path is None else ()
    document = read_document(source)
    _check_outline(document, source)
    for overlay in overlays:
        apply_overlay(document, read_document(str(overlay)), str(overlay))
    if digest(document) not in KNOWN_VALID:
        _complete(document, source)
    contract = Contract(document, source)
    _ = contract.operations  # their errors belong here
    return contract


def packaged_overlays(*, extensions: bool = True) -> list[Path]:
    """Return the overlays of the packaged contract in the order in which they are applied."""
    return [each for each in sorted(PACKAGED_OVERLAYS.glob("*.yaml")) if extensions or each != EXTENSIONS]


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
            source, "/swagger", f"is Swagger {document['swagger']}; wanted OpenAPI 3.0 or 3.1."
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.")):
        raise ContractError(source, "/openapi", f"is {version!r}; wanted a string, 3.0.x or 3.1.x.")
    parts = PARTS_31 if version.startswith("3.1.") else ("paths",)
    if document.keys().isdisjoint(parts):
        raise ContractError(source, "/paths", f"is missing; wanted {' or '.join(parts)}.")
    components = document.get("components", {})
    if not isinstance(components, dict):
        raise ContractError(source, "/components", "is not an object.")
    for section, members in components.items():
        if not isinstance(members, dict) and not section.startswith("x-"):
            raise ContractError(source, f"/components/{section}", "is not an object.")
