"""Names of the contract as Python spells them."""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESERVED = ("body", "caller")


def python_name(name: str) -> str:
    """Return the handler's argument for a parameter: ``X-Thing`` is ``x_thing``, ``id`` is ``id_``.

    Camel case is opened up (``warningDays`` is ``warning_days``); what Python has taken gets an underscore,
    as Connexion's ``pythonic_params`` does.
    """
    opened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    spelled = re.sub(r"\W+", "_", opened, flags=re.ASCII).strip("_").lower() or "_"
    if spelled[0].isdigit():
        spelled = "_" + spelled
    return spelled + "_" if keyword.iskeyword(spelled) or hasattr(builtins, spelled) else spelled


def argument_names(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the handler's argument for each parameter of an operation.

    Where two would be the same (``id`` in the path and in the query), or one is what a handler calls the
    request body or the caller, the place comes first: ``path_id``, ``query_id``, ``query_body``.
    """
    names = [python_name(each["name"]) for each in parameters]
    taken = Counter([*names, *RESERVED])
    return [
        name if taken[name] == 1 else python_name(f"{each['in']}_{each['name']}")
        for name, each in zip(names, parameters, strict=True)
    ]
