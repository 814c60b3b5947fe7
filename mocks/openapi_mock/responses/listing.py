"""How to get each documented answer of a contract, as facts that a page and a document are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openapi_service.binding import Assembly

from .answered import ContractAnswers
from .documented import success_of
from .examples import named_examples
from .gate import OpenGate
from .magic_ids import DIGITS, MagicIds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from openapi_contract import Contract, Operation

CODE = "CODE"


@dataclass(frozen=True, slots=True)
class Spelling:
    """Magic identifiers of one kind.

    Attributes:
        form: the identifier with ``CODE`` for the status; empty where no form says them all.
        by_status: each of them.
    """

    form: str
    by_status: Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation.

    Attributes:
        success: the status of its plain answer.
        others: the other documented statuses, ranges and ``default`` too.
        examples: names of examples, by status.
        identifiers: spellings by place and name, such as ``path id``.
    """

    method: str
    path: str
    success: int
    others: list[str]
    examples: dict[str, list[str]]
    identifiers: dict[str, Spelling]


def entries_of(contract: Contract) -> list[Entry]:
    """Return an entry for each operation, in the order of the contract; a large one takes its time."""
    assembly = Assembly(contract, OpenGate())
    generator = ContractAnswers().generator(assembly)
    return [
        _entry(each, contract, MagicIds(each, assembly, generator, success_of(each)))
        for each in contract.operations
    ]


def _entry(operation: Operation, contract: Contract, magic_ids: MagicIds) -> Entry:
    success = success_of(operation)
    examples = {code: _examples(response, contract) for code, response in operation.responses.items()}
    return Entry(
        method=operation.method.upper(),
        path=operation.path,
        success=success,
        others=[code for code in operation.responses if code != str(success)],
        examples={code: names for code, names in examples.items() if names},
        identifiers={
            f"{place} {name}": Spelling(_form(by_status), by_status)
            for (place, name), by_status in magic_ids.spellings.items()
        },
    )


def _examples(response: Mapping[str, Any], contract: Contract) -> list[str]:
    content = response.get("content", {}).values()
    return list(dict.fromkeys(name for each in content for name in named_examples(contract, each)))


def _form(by_status: Mapping[int, Any]) -> str:
    """Return what identifiers have in common, with ``CODE`` where the status stands; empty if it does not."""
    forms = set()
    for status, each in by_status.items():
        text = str(each)
        spelled = str(status) if str(status) in text else str(status).translate(DIGITS)
        forms.add(text.replace(spelled, CODE, 1))
    form = forms.pop() if len(forms) == 1 else ""
    return form if CODE in form else ""
