"""Names of the contract as Python spells them: of handlers, and of their arguments.

The name of an operation's handler, :func:`handler_name`, is

1. its operationId where that is a Python name (``get_url``, ``listPets``), without underscores before it;
2. else the operationId spelled as arguments are (``find pet by id`` is ``find_pet_by_id``);
3. where nothing is left of that, or there is no operationId, method and path (``get_pets__id_``).

A function may also be named by the operationId spelled as arguments are, with the verb behind a slash first
(``listPets``, ``list-pets`` and ``pets/list`` are ``list_pets``), or by the tail of its name behind an
underscore (``pets_get_url``, ``get_url`` or ``url`` for ``apps_pets_get_url``), or by what is behind the
last full stop, as Connexion has it (``getPet`` for ``shop.pets.getPet``); the longest name wins. No two
operations share a function of one name; one that is called by an operationId handles that operation.
"""

import keyword
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import chain, count
from typing import Any

from contract_first.contract import Operation
from contract_first.contract.models.python_names import python_name

RESERVED = ("body", "caller")
PRIVATE = re.compile(r"\A_+(?!\d)")
"""How the name of no handler begins; with a digit behind it is that of an operationId like ``2fa``."""


def argument_names(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the handler's argument for each parameter of an operation.

    Where two would be the same (``id`` in the path and in the query), or one is what a handler calls the
    request body or the caller, the place comes first: ``path_id``, ``query_id``, ``query_body``; what is the
    same even so is numbered (``query_date``, ``query_date_2`` for ``Date`` and ``Date>``).
    """
    names = [python_name(parameter["name"]) for parameter in parameters]
    uses = Counter([*names, *RESERVED])
    placed = [
        name if uses[name] == 1 else python_name(f"{parameter['in']}_{parameter['name']}")
        for name, parameter in zip(names, parameters, strict=True)
    ]
    unique: list[str] = []
    for name in placed:
        numbered = (f"{name}_{number}" for number in count(2))
        unique.append(next(candidate for candidate in chain([name], numbered) if candidate not in unique))
    return unique


def handler_name(operation: Operation) -> str:
    """Return the name of an operation's handler; see the module for the rule."""
    name = PRIVATE.sub("", operation.operation_id)
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    spelled = python_name(operation.operation_id)
    return (
        spelled if spelled.strip("_") else re.sub("[^0-9A-Za-z]", "_", f"{operation.method}{operation.path}")
    )


def handler_named(operation: Operation, names: Container[str]) -> str | None:
    """Return which of the names an operation's handler has: the longest that fits, None if none does.

    In a mapping of functions the operationId itself, whatever it is, is a name too.
    """
    name = handler_name(operation)
    noun, _, verb = operation.operation_id.partition("/")
    spelled = (python_name(operation.operation_id), python_name(f"{verb}_{noun}"))
    tails = [name[underscore.end() :] for underscore in re.finditer("_", name)]
    tails.append(operation.operation_id.rpartition(".")[2])
    tails.sort(key=len, reverse=True)
    return next(
        (candidate for candidate in (operation.operation_id, name, *spelled, *tails) if candidate in names),
        None,
    )
