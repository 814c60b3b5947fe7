"""Names of a contract as Python spells them."""

import builtins
import keyword
import re


def python_name(name: str) -> str:
    """Return a name as Python spells it: ``X-Thing`` is ``x_thing``, ``id`` is ``id_``.

    Camel case is opened up (``warningDays`` is ``warning_days``); what Python has taken gets an underscore,
    as Connexion's ``pythonic_params`` does.
    """
    opened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    spelled = re.sub(r"\W+", "_", opened, flags=re.ASCII).strip("_").lower() or "_"
    if spelled[0].isdigit():
        spelled = "_" + spelled
    return spelled + "_" if keyword.iskeyword(spelled) or hasattr(builtins, spelled) else spelled
