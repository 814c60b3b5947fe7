"""Names of a contract as Python spells them."""

import builtins
import keyword
import re
import unicodedata


def python_name(name: str) -> str:
    """Return a name as Python spells it: ``X-Thing`` is ``x_thing``, ``id`` is ``id_``.

    Camel case is opened up (``warningDays`` is ``warning_days``); what Python has taken gets an underscore,
    as Connexion's ``pythonic_params`` does. Letters of every script stay, as Python normalises them (NFKC).
    """
    opened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", name))
    letters = (letter if f"_{letter}".isidentifier() else " " for letter in opened.lower())
    spelled = re.sub("[ _]+", "_", "".join(letters)).strip("_") or "_"
    if not spelled.isidentifier():  # it begins with a digit
        spelled = "_" + spelled
    return spelled + "_" if keyword.iskeyword(spelled) or hasattr(builtins, spelled) else spelled
