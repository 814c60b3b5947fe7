"""Names of members of errors in one spelling, and codes of errors as APIs call them."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import Final

from .words import plain, word_set, words_of

PREFIXES: Final = frozenset({"error", "errors", "err", "fault", "problem", "http", "api"})
"""Words before a name that change nothing of what it means in an error."""
TEXTS: Final = frozenset({"message", "msg", "description"})
"""Last words of names of texts, such as ``developerMessage``."""
OF_ERRORS: Final = word_set("""
    error errors fault problem problems exception message messages reasons detail details source violations
    invalidparams fields issues causes response header body status info
""")
"""Optional objects and lists in which what is wrong stands."""
OF_RETRY_AFTER: Final = "retryafterseconds retryafter"
"""Names of seconds to wait before the next try; the unit is sure where a name has it."""


CODES: Final[Mapping[int, str]] = {
    400: "badrequest invalidrequest invalidargument invalidparameter validation invalid malformed",
    401: "unauthorized unauthenticated invalidtoken invalidclient authentication auth token credential",
    403: "forbidden permissiondenied accessdenied denied insufficient permission",
    404: "notfound nosuch missing unknown",
    409: "conflict alreadyexists aborted duplicate exists inuse",
    412: "preconditionfailed failedprecondition precondition",
    413: "payloadtoolarge contenttoolarge entitytoolarge toolarge limit",
    422: "unprocessable validation invalid badrequest",
    429: "toomanyrequests ratelimit resourceexhausted throttl limit quota",
    500: "internalservererror internalerror servererror internal unexpected",
    501: "notimplemented unimplemented unsupported",
    503: "unavailable overloaded busy maintenance",
    504: "timeout deadlineexceeded",
}
"""What codes of a status have in them, as APIs, OAuth 2.0 and gRPC call them; the likeliest first."""
ANY_CODE: Final = "generic general error fail fault unknown other"


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return the name under which a member is in the rows: ``code`` for ``errorCode``."""
    words = words_of(name)
    while len(words) > 1 and words[0] in PREFIXES:
        words = words[1:]
    return "message" if words and words[-1] in TEXTS else "".join(words)


@lru_cache(maxsize=4096)
def fitting(values: tuple[str, ...], kind: str, status: int) -> str | None:
    """Return the one of documented codes that fits a kind of error, such as ``not_found``, and a status.

    A whole one comes before those that have it in them, and these before one that is of any error.
    """
    spellings = {plain(value): value for value in reversed(values)}
    usual = CODES.get(status) or CODES.get(status // 100 * 100, "")
    words = [plain(kind), *usual.split(), str(status)]
    whole = [spellings[word] for word in words if word in spellings]
    parts = (spellings[code] for word in (*words, *ANY_CODE.split()) for code in spellings if word in code)
    return next(chain(whole, parts), None)


@lru_cache(maxsize=4096)
def styled(kind: str, example: str) -> str:
    """Return a kind of error, ``not_found``, as an example is spelled: ``NOT_FOUND``, ``NotFound``."""
    if not example or not kind.islower():
        return kind
    words, is_of_one_case = words_of(kind), example in {example.lower(), example.upper()}
    separator = next((sign for sign in "_- " if sign in example), "_" if is_of_one_case else "")
    if example.isupper():
        return separator.join(words).upper()
    first, *others = words if is_of_one_case else map(str.capitalize, words)
    return separator.join([first if example[:1].isupper() else first.lower(), *others])
