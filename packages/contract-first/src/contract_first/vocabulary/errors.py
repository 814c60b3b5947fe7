"""What the members of errors mean: a row for each meaning, and the words of codes for each status."""

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Final

from .words import plain, words_of

STRING, NUMBER, BOOLEAN, LIST = "string", "integer number", "boolean", "array"


class ErrorMeaning(Enum):
    """What a member of an error means: its JSON types, its names, and what its description has.

    The names are in plain spelling, the likeliest first. A name may be in several rows: where another member
    of the object has the text, ``title`` and ``reason`` are no text but what a later row says.

    Attributes:
        types: JSON types that such a member may have.
        names: of the row.
    """

    TEXT = (
        STRING,
        "message msg detail details description errordescription text explanation faultstring violation issue"
        " title reason error cause summary",
        r"\bmessage\b|human[- ]?readable|\bexplanation\b|what went wrong|\breason\b",
    )
    DETAIL = (STRING, "", "")
    """A text beside members that say where a violation is."""
    STATUS = (NUMBER, "status statuscode httpstatuscode httpcode code errorcode error", r"\bHTTP status")
    STATUS_TEXT = (STRING, "status statuscode httpstatuscode httpcode", r"\bHTTP status")
    TITLE = (STRING, "title statustext reasonphrase statusmessage", "")
    TYPE = (STRING, "type", "")
    CODE = (
        STRING,
        "code error reason type errcode kind name faultcode subcode reasoncode result exception rule",
        r"\berror (code|type|name)\b|\bmachine[- ]?readable",
    )
    FIELD = (
        STRING,
        "field param parameter property key path name location target attribute propertypath fieldname"
        " propertyname header",
        r"\b(name|path) of the (field|parameter|property|header)",
    )
    POINTER = (STRING, "pointer jsonpointer instancepath datapath", r"\bJSON[- ]?pointer\b")
    PLACE = (STRING, "in location locationtype", "")
    STEPS = (LIST, "loc path location", "")
    INSTANCE = (STRING, "instance path requesturi requestpath uri resource", "")
    METHOD = (STRING, "method httpmethod requestmethod", r"\bHTTP method")
    REQUEST_ID = (
        STRING,
        "requestid traceid correlationid id transactionid trackingid activityid logid referenceid ref uuid",
        r"\b(request|correlation|trace|tracking|transaction)[- ]?id|identif\w+ (of|for) (the|this) request",
    )
    TIME = (
        "string integer number",
        "timestamp time date datetime occurredat",
        r"\btimestamp\b|date and time",
    )
    FAILURE = (BOOLEAN, "error iserror failed failure haserrors", "")
    SUCCESS = (BOOLEAN, "success ok succeeded successful issuccess", "")
    RETRYABLE = (BOOLEAN, "retryable retriable isretryable temporary transient", "")
    RETRY_AFTER = (NUMBER, "retryafter retryafterseconds retryin", "")

    def __init__(self, types: str, names: str, described: str) -> None:
        self.types = frozenset(types.split())
        self.names = names.split()
        self._described = re.compile(described or r"(?!)", re.IGNORECASE)

    @classmethod
    def of(cls, name: str, description: str, types: Iterable[str]) -> list["ErrorMeaning"]:
        """Return all that a member may mean by its name, the likeliest first; else what its description says."""
        rows = [meaning for meaning in cls if not meaning.types.isdisjoint(types)]
        spelling = spelled(name)
        named = [meaning for meaning in rows if spelling in meaning.names]
        return named or [meaning for meaning in rows if meaning._described.search(description[:300])][:1]  # noqa: SLF001 -- its own


PREFIXES: Final = frozenset({"error", "err", "errors", "fault", "problem", "http", "api", "response"})
"""Words before a name that change nothing of what it means in an error."""
TEXTS: Final = frozenset({"message", "msg", "description"})
"""Last words of names of texts, such as ``developerMessage``."""
OF_ERRORS: Final = frozenset(
    "error errors err fault problem exception detail details source violations invalidparams fields issues"
    " causes problems messages reasons message".split()
)
"""Objects and lists in which an error stands."""
AROUND_ERRORS: Final = frozenset("data result body response info header meta status errorinfo".split())
"""Objects in which an error may stand beside other things."""
CODES: Final = {
    400: "badrequest invalidrequest invalidargument invalidparameter validation invalid malformed",
    401: "unauthorized unauthenticated invalidtoken invalidclient authentication auth token credential",
    402: "paymentrequired payment billing quota",
    403: "forbidden permissiondenied accessdenied denied insufficient permission",
    404: "notfound nosuch missing unknown",
    405: "methodnotallowed notallowed method",
    406: "notacceptable",
    408: "requesttimeout timeout",
    409: "conflict alreadyexists aborted duplicate exists inuse",
    410: "gone expired deleted notfound",
    412: "preconditionfailed failedprecondition precondition",
    413: "payloadtoolarge contenttoolarge entitytoolarge toolarge limit",
    415: "unsupportedmediatype mediatype contenttype",
    422: "unprocessablecontent unprocessableentity unprocessable validation invalid badrequest",
    429: "toomanyrequests ratelimitexceeded ratelimit resourceexhausted throttl limit quota",
    500: "internalservererror internalerror servererror internal unexpected",
    501: "notimplemented unimplemented unsupported",
    502: "badgateway gateway",
    503: "serviceunavailable temporarilyunavailable unavailable overloaded busy maintenance",
    504: "gatewaytimeout deadlineexceeded timeout",
}
"""What the codes of a status have in them, as APIs, OAuth 2.0 and gRPC call them; the likeliest first."""
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
    """Return the code among values that fits a kind of error, such as ``not_found``, and a status.

    Whole ones come before those that have it in them, and these before one that is of any error.
    """
    spellings = {plain(value): value for value in reversed(values)}
    usual = CODES.get(400 if status < 500 else 500, "")  # noqa: PLR2004 -- statuses
    words = [plain(kind), *CODES.get(status, usual).split()]
    whole = [spellings[word] for word in words if word in spellings]
    within = (
        spellings[code] for word in (*words, str(status)) for code in spellings if word and word in code
    )
    any_code = (spellings[code] for word in ANY_CODE.split() for code in spellings if word in code)
    return next((code for codes in (whole, within, any_code) for code in codes), None)


def styled(kind: str, example: str) -> str:
    """Return a kind of error, such as ``not_found``, spelled as an example is: ``NOT_FOUND``, ``NotFound``."""
    words = words_of(kind)
    separator = next((sign for sign in "_- ." if sign in example), "")
    if example.isupper():
        return (separator or "_").join(words).upper()
    capitals = "".join(word.capitalize() for word in words)
    if separator == " ":
        return " ".join(word.capitalize() for word in words)
    if separator or example.islower() or not example:
        return (separator or "_").join(words)
    return capitals if example[0].isupper() else words[0] + capitals[len(words[0]) :]
