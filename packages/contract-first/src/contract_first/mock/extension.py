"""The extension of the mock of any contract by an application."""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from contract_first.contract import Contract
from contract_first.contract.reading.overlay import apply_overlay
from contract_first.contract.reading.reading import read_document

from .rule import Rule
from .rule_schemas import rule_schemas

DOCUMENT: Final = Path(__file__).parent / "control" / "openapi.yaml"


class Extension(NamedTuple):
    """The additions of an application: none by default.

    Attributes:
        rule: the type of rules: a subclass has further selectors and effects.
        overlay: OpenAPI Overlay of the control API's document, which describes what the state holds; None for
            none.
        operations: module of the operations of the control API that the overlay adds; empty for none.
        console: folder of further views of the console, see `console.ConsolePage`; None for none.
    """

    rule: type[Rule] = Rule
    overlay: Path | None = None
    operations: str = ""
    console: Path | None = None

    def control_contract(self) -> Contract:
        """Return the contract of the control API; tests hold it to be valid, so that no start checks it."""
        return _control_contract(self.overlay, self.rule)


@cache
def _control_contract(overlay: Path | None, rule: type[Rule]) -> Contract:
    document = read_document(str(DOCUMENT))
    document["components"]["schemas"] |= rule_schemas(rule)
    if overlay is not None:
        apply_overlay(document, read_document(str(overlay)), str(overlay))
    return Contract(document, str(DOCUMENT))


NO_EXTENSION: Final = Extension()
