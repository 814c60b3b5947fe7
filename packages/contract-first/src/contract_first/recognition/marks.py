"""What a document says of collections by ``x-mock-collection``, and a user by lines that overrule it."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, ContractError, Operation
from contract_first.contract.document.errors import explained
from contract_first.files import read_text

from .collection import ROLES

EXTENSION: Final = "x-mock-collection"
TABLE: Final = "collections"
MOST_BYTES: Final = 1024 * 1024
EXPECTED: Final = f"expected false, {{key: ...}}, or {{path: ..., role: {' | '.join(ROLES)}}}; owner: caller"


class Mark(NamedTuple):
    """What is said of an operation, and where: False, or an object as `EXPECTED` has it."""

    value: Any
    file: str
    pointer: str
    name: str

    def error(self, reason: str) -> ContractError:
        """Return the error for a mark that cannot be right."""
        return ContractError(self.file, self.pointer, f"{self.name}: {reason}.")


@dataclass(frozen=True)
class Corrections:
    """The table ``[collections]`` of a TOML file: marks by path, or by method and path as ``POST /pets``.

    Attributes:
        contracts: those that its lines are of, beside the one that is read; each passes over others' lines.
    """

    lines: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""
    contracts: Iterable[Contract] = ()

    @classmethod
    def read(cls, path: Path, contracts: Iterable[Contract] = ()) -> "Corrections":
        """Read a file, which may lack the table; raises as `table_in`."""
        lines, text = table_in(path, TABLE)
        return cls(lines, path, text, contracts)

    def mark(self, name: str) -> Mark:
        """Return the mark of the line of this name."""
        spelled = rf"(?m)^\s*(\[?\s*{TABLE}\s*\.\s*)?[\"']{re.escape(name)}[\"']\s*[=.\]]"
        match = re.search(spelled, self.text)
        line = self.text.count("\n", 0, match.end()) + 1 if match else 1
        return Mark(self.lines[name], f"{self.path}:{line}", "", f"[{TABLE}] {name[:200]!r}")


def table_in(path: Path, name: str) -> tuple[dict[str, Any], str]:
    """Return a table of a TOML file, empty where it lacks that, and the text of the file.

    Raises:
        ContractError: it cannot be read, is not TOML, or has another value of this name.
    """
    try:
        text = read_text(path, MOST_BYTES)
        lines = tomllib.loads(text).get(name, {})
    except (OSError, ValueError, RecursionError) as error:
        raise ContractError(str(path), "", f"cannot be read as TOML: {explained(error)}") from None
    if not isinstance(lines, dict):
        raise ContractError(str(path), "", f"[{name}] is {lines!r:.100}; expected a table.")
    return lines, text


def marks_of(contract: Contract, corrections: Corrections) -> dict[str, Mark]:
    """Return the marks of the operations that are not left out, by operationId.

    Raises:
        ContractError: a mark is not valid, or a line is of no path or operation of the contracts.
    """
    operations, lines = contract.operations, corrections.lines
    everywhere = [*operations, *(it for other in corrections.contracts for it in other.operations)]
    names = [*dict.fromkeys(it.path for it in everywhere), *dict.fromkeys(it.label for it in everywhere)]
    for name in lines.keys() - names:
        close = ", ".join(get_close_matches(name[:200], names, n=3) or names[:3]) or "none"
        raise corrections.mark(name).error(f"the contract has no such path or operation; there are: {close}")
    marks: dict[str, Mark] = {}
    for operation in operations:
        name = next((name for name in (operation.label, operation.path) if name in lines), "")
        mark = corrections.mark(name) if name else _declared(contract, operation)
        if mark.value is False:
            continue
        if not (
            isinstance(mark.value, dict)
            and mark.value.keys() <= {"path", "role", "key", "owner"}
            and mark.value.get("owner", "caller") == "caller"
            and mark.value.get("role", ROLES[0]) in ROLES
            and isinstance(mark.value.get("path", ""), str)
            and ("role" in mark.value) == ("path" in mark.value)
        ):
            raise mark.error(EXPECTED)
        marks[operation.operation_id] = mark
    return marks


def _declared(contract: Contract, operation: Operation) -> Mark:
    path_item = contract.resolve(contract.paths[operation.path])
    value = operation.definition.get(EXTENSION, path_item.get(EXTENSION, {}))
    return Mark(value, contract.source, operation.pointer, EXTENSION)
