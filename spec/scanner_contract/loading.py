"""Loads the packaged contract of the Scanner API, or another one in its place."""

from collections.abc import Sequence
from pathlib import Path

from contract_first.contract import Contract
from contract_first.contract import load_contract as load

PACKAGED = Path(__file__).with_name("openapi-scanner.json")
PACKAGED_OVERLAYS = Path(__file__).with_name("overlays")
EXTENSIONS = PACKAGED_OVERLAYS / "extensions.yaml"

# digests of the packaged contract with all its overlays, and without the extensions, which a test holds to be
# valid: so no start has to check either again, nor import what checks it (`tox -e ledger` rewrites them)
KNOWN_VALID = {
    "54f53526a7821fa175a8103e4948eac7516bd0a403733c5095488dd460b459fa",
    "334d5ae62ed907e02df34d0f59e4163253663619b5eff66a4e61cc2db89d18ba",
}


def load_contract(
    path: Path | str | None = None,
    overlays: Sequence[Path] = (),
    *,
    extensions: bool = True,
    lenient: bool = False,
) -> Contract:
    """Return the packaged contract, or the one in a file or at an HTTP(S) URL.

    Args:
        path: the file or URL; the packaged contract by default.
        overlays: OpenAPI Overlay documents, applied in this order; to the packaged contract, behind those of
            the package in name order.
        extensions: whether the packaged contract has the operations that it promises only in prose.
        lenient: repair or leave out what is wrong in another document.

    Raises:
        ContractError: a file cannot be read, or is not valid; names the file and the JSON pointer.
    """
    if path is not None:
        return load(path, overlays, lenient=lenient, known_valid=KNOWN_VALID)
    packaged = packaged_overlays(extensions=extensions)
    return load(PACKAGED, (*packaged, *overlays), known_valid=KNOWN_VALID)


def packaged_overlays(*, extensions: bool = True) -> list[Path]:
    """Return the overlays of the packaged contract in the order in which they are applied."""
    return [path for path in sorted(PACKAGED_OVERLAYS.glob("*.yaml")) if extensions or path != EXTENSIONS]
