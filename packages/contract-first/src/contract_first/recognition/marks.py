"""What a document says of collections by ``x-mock-collection``, and a user by lines that overrule it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from contract_first.contract import Contract, ContractError, Operation
from contract_first.contract.document.errors import explained
from contract_first.files import read_text

from .collection import ROLES

EXTENSION: Final = "x-mock-collection"
TABLE: Final = "collections"
MOST_BYTES: Final = 1024 * 1024
EXPECTED: Final = f"expected false, {{key: ...}}, or {{path: ..., role: {' | '.join(ROLES)}}}"


@dataclass(frozen=True)
class Corrections:
    """The table ``[collections]`` of a TOML file: marks by path, or by method and path as ``POST /pets``."""

    lines: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""

    @classmethod
    def read(cls, path: Path) -> "Corrections":
        """Read a file, which may lack the table.

        Raises:
            ContractError: it cannot be read, is not TOML, or has another value of this name.
        """
        try:
            text = read_text(path, MOST_BYTES)
            lines = tomllib.loads(text).get(TABLE, {})
        except (OSError, ValueError, RecursionError) as error:
            raise ContractError(str(path), "", f"cannot be read as TOML: {explained(error)}") from None
        if not isinstance(lines, dict):
            raise ContractError(str(path), "", f"[{TABLE}] is {lines!r:.100}; expected a table.")
        return cls(lines, path, text)

    def name_for(self, operation: Operation) -> str:
        """Return the name of the line for an operation, or for its path; empty without one."""
        names = (f"{operation.method.upper()} {operation.path}", operation.path)
        return next((name for name in names if name in self.lines), "")

    def error(self, name: str, reason: str) -> ContractError:
        """Return the error for a line that cannot be right."""
        numbered = enumerate(self.text.split("\n"), 1)
        line = next(
            (number for number, line in numbered if re.search(rf"[\"']{re.escape(name)}[\"']", line)), 1
        )
        return ContractError(f"{self.path}:{line}", "", f"[{TABLE}] {name[:200]!r}: {reason}.")

    def require_paths(self, contract: Contract) -> None:
        """Raise ContractError for a line of a path, or an operation, that a contract does not have."""
        operations = [f"{each.method.upper()} {each.path}" for each in contract.operations]
        names = [*dict.fromkeys(each.path for each in contract.operations), *operations]
        for name in self.lines.keys() - names:
            close = ", ".join(get_close_matches(name, names, n=3) or names[:3]) or "none"
            raise self.error(name, f"the contract has no such path or operation; there are: {close}")


class Marks:
    """The marks of a contract's operations, and what is wrong with them.

    Attributes:
        of: the mark of each operation that is not left out, by operationId.
    """

    def __init__(self, contract: Contract, corrections: Corrections) -> None:
        self._contract = contract
        self._corrections = corrections
        corrections.require_paths(contract)
        marks = {each.operation_id: self._mark(each) for each in contract.operations}
        self.of = {name: mark for name, mark in marks.items() if mark is not False}

    def _mark(self, operation: Operation) -> Any:
        """Return the mark of an operation: False, or an object; raises ContractError."""
        if name := self._corrections.name_for(operation):
            mark = self._corrections.lines[name]
        else:
            path_item = self._contract.resolve(self._contract.paths[operation.path])
            mark = operation.definition.get(EXTENSION, path_item.get(EXTENSION, {}))
        if mark is not False and (
            not isinstance(mark, dict)
            or not mark.keys() <= {"path", "role", "key"}
            or mark.get("role", ROLES[0]) not in ROLES
            or ("role" in mark) != ("path" in mark)
        ):
            raise self.error(operation, EXPECTED)
        return mark

    def error(self, operation: Operation, reason: str) -> ContractError:
        """Return the error for a mark of an operation that cannot be right."""
        if name := self._corrections.name_for(operation):
            return self._corrections.error(name, reason)
        return ContractError(self._contract.source, operation.pointer, f"{EXTENSION}: {reason}.")
