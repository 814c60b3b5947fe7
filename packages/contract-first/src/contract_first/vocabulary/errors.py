"""What the members of errors mean, a row for each meaning; and what codes of errors are called."""

import re
from collections.abc import Collection, Mapping
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import Final

from .words import plain, words_of

PREFIXES: Final = frozenset({"error", "errors", "err", "fault", "problem", "http", "api"})
"""Words before a name that change nothing of what it means in an error."""
TEXTS: Final = frozenset({"message", "msg", "description"})
"""Last words of names of texts, such as ``developerMessage``."""
OF_ERRORS: Final = frozenset(
    {
        *("error", "errors", "fault", "problem", "problems", "exception", "message", "messages", "reasons"),
        *("detail", "details", "source", "violations", "invalidparams", "fields", "issues", "causes"),
        *("response", "header", "body", "status", "info"),
    }
)
"""Optional objects and lists in which what is wrong stands."""


class ErrorMeaning(Enum):
    """What a member of an error means: its JSON types, and its names in plain spelling, the likeliest first.

    A name may be in several rows: ``title`` and ``reason`` are the text where no other member is.

    Attributes:
        types: JSON types that such a member may have.
        names: of the row.
    """

    TEXT = (
        "string",
        "message detail details text explanation violation issue title reason error cause summary",
    )
    DETAIL = "string", "", "a text beside members that say where a violation is"
    STATUS = "integer number", "status statuscode code error"
    STATUS_TEXT = "string", "status statuscode"
    TITLE = "string", "title statustext reasonphrase"
    TYPE = "string", "type"
    FIELD = "string", "field param parameter property key path name location target attribute fieldname"
    PLACE = "string", "in location locationtype"
    CODE = "string", "code error reason type name errcode kind faultcode subcode rule result"
    POINTER = "string", "pointer jsonpointer instancepath"
    STEPS = "array", "loc path location"
    INSTANCE = "string", "instance path requesturi requestpath uri resource"
    METHOD = "string", "method httpmethod requestmethod"
    REQUEST_ID = "string", "requestid traceid correlationid id transactionid trackingid activityid ref uuid"
    TIME = "string integer number", "timestamp time date datetime occurredat"
    FAILURE = "boolean", "error iserror failed failure"
    SUCCESS = "boolean", "success ok succeeded successful"
    RETRYABLE = "boolean", "retryable retriable transient temporary"
    RETRY_AFTER = "integer number", "retryafter retryafterseconds"

    def __init__(self, types: str, names: str, _: str = "") -> None:
        self.types = frozenset(types.split())
        self.names = tuple(names.split())

    @classmethod
    def of(cls, name: str, description: str, types: Collection[str]) -> list["ErrorMeaning"]:
        """Return all that a member may mean by its name, the likeliest first; else what its description says."""
        typed = [meaning for meaning in cls if not meaning.types.isdisjoint(types)]
        named = [meaning for meaning in typed if spelled(name) in meaning.names]
        described = (meaning for meaning in DESCRIBED if DESCRIBED[meaning].search(description[:300]))
        return named or [meaning for meaning in described if meaning in typed][:1]


DESCRIBED: Final = {
    meaning: re.compile(words, re.IGNORECASE)
    for meaning, words in {
        ErrorMeaning.TEXT: r"\bmessage\b|human[- ]?readable|\bexplanation\b|what went wrong",
        ErrorMeaning.CODE: r"\berror (code|type|name)\b|\bmachine[- ]?readable",
        ErrorMeaning.STATUS: r"\bHTTP status",
        ErrorMeaning.FIELD: r"\b(name|path) of the (field|parameter|property|header)",
        ErrorMeaning.REQUEST_ID: r"\b(request|correlation|trace|tracking|transaction)[- ]?id",
        ErrorMeaning.TIME: r"\btimestamp\b|date and time",
    }.items()
}
"""Words of descriptions, for members whose names say nothing."""
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
    """Return a kind of error, such as ``not_found``, as an example is spelled: ``NOT_FOUND``, ``NotFound``."""
    words = words_of(kind)
    separator = next((sign for sign in "_- " if sign in example), "")
    if example.isupper():
        return (separator or "_").join(words).upper()
    if separator == " " or (example[:1].isupper() and not separator):
        return separator.join(map(str.capitalize, words))
    if separator or example == example.lower():
        return (separator or "_").join(words)
    return words[0] + "".join(map(str.capitalize, words[1:]))
