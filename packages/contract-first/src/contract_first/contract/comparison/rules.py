"""The rules of a comparison: each names one kind of change, and its effect on clients.

A rule of a schema is ``SIDE-SUBJECT-KIND``: *narrowed* is stricter than before, *widened* less strict,
*changed* neither. A stricter request breaks who sends, a less strict response breaks who reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a change does to the clients of the old contract, the worst first."""

    BREAKING = "breaking"
    RISKY = "risky"
    SAFE = "safe"


BREAKING, RISKY, SAFE = Severity


class Side(StrEnum):
    """Who is concerned: the sender of a request, the reader of a response, or both."""

    REQUEST = "request"
    RESPONSE = "response"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Compatibility:
    """One way in which a contract can change.

    Attributes:
        name: stable; what tools match on.
        severity: what it does to clients of the old contract.
        meaning: the reason for the severity, in a sentence.
    """

    name: str
    side: Side
    severity: Severity
    meaning: str


ORDERED = {
    "minimum": "smallest number",
    "maximum": "largest number",
    "min-length": "smallest length of a string",
    "max-length": "largest length of a string",
    "min-items": "smallest number of items",
    "max-items": "largest number of items",
    "unique-items": "uniqueness of items",
    "min-properties": "smallest number of properties",
    "max-properties": "largest number of properties",
    "additional-properties": "choice of properties that are not declared",
    "condition": "condition (contains, dependentRequired, not, if and the like)",
}
"""Subjects of a schema that are stricter or less strict, and their words."""

FREE = {
    "type": "JSON type",
    "enum": "list of values",
    "pattern": "pattern",
    "format": "format",
    "multiple-of": "divisor",
}
"""Subjects that may also become neither."""


def _schema_rules() -> Iterator[Compatibility]:
    for subject, words in (ORDERED | FREE).items():
        yield from _both_sides(subject, "narrowed", f"The {words} is stricter than it was.", BREAKING, SAFE)
        # readers ignore properties that they do not know
        read = RISKY if subject == "additional-properties" else BREAKING
        yield from _both_sides(subject, "widened", f"The {words} is less strict than it was.", SAFE, read)
    for subject, words in FREE.items():
        sentence = f"The {words} is another, neither stricter nor less strict."
        yield from _both_sides(subject, "changed", sentence, BREAKING, BREAKING)
    yield from _both_sides("nullable", "removed", "null is no longer among the values.", BREAKING, SAFE)
    yield from _both_sides("nullable", "added", "null is among the values now.", SAFE, BREAKING)
    yield from _both_sides("alternative", "removed", "One of several schemas is gone.", BREAKING, SAFE)
    yield from _both_sides("alternative", "added", "There is one more of several schemas.", SAFE, BREAKING)
    sentence = "A value that conforms to several of the schemas is refused."
    yield from _both_sides("alternatives", "became-exclusive", sentence, RISKY, SAFE)
    sentence = "A value that conforms to several of the schemas is no longer refused."
    yield from _both_sides("alternatives", "became-inclusive", sentence, SAFE, RISKY)
    words = "list of values so far, to which others may be added,"
    yield from _both_sides("extensible-enum", "narrowed", f"The {words} lacks some.", BREAKING, SAFE)
    yield from _both_sides("extensible-enum", "widened", f"The {words} has more.", SAFE, SAFE)
    sentence = "In XML, something has another name, or is an attribute or wrapped where it was not."
    yield from _both_sides("xml", "changed", sentence, BREAKING, BREAKING)
    sentence = "In XML, something has another namespace or prefix."
    yield from _both_sides("xml-namespace", "changed", sentence, RISKY, RISKY)
    sentence = "The property that tells schemas apart, or its mapping, has changed; what conforms has not."
    yield from _both_sides("discriminator", "changed", sentence, SAFE, SAFE)
    sentence = "A condition has changed, and no value was found that shows in which direction."
    yield from _both_sides("condition", "changed", sentence, RISKY, RISKY)


def _both_sides(
    subject: str, kind: str, meaning: str, request: Severity, response: Severity
) -> Iterator[Compatibility]:
    yield Compatibility(f"request-{subject}-{kind}", Side.REQUEST, request, meaning)
    yield Compatibility(f"response-{subject}-{kind}", Side.RESPONSE, response, meaning)


_REQUEST = (
    ("request-property-added", SAFE, "There is one more property that may be sent."),
    ("request-required-property-added", BREAKING, "A new property has to be sent."),
    ("request-property-removed", RISKY, "A property is not read any more, and ignored if it is sent."),
    ("request-property-refused", BREAKING, "A property is gone from an object that takes no others."),
    ("request-property-became-required", BREAKING, "A property that could be left out has to be sent."),
    (
        "request-property-became-required-with-default",
        SAFE,
        "A property that could be left out is required, and has a default for who leaves it out.",
    ),
    ("request-property-became-optional", SAFE, "A property that had to be sent can be left out."),
    ("request-default-changed", RISKY, "What is left out means something else than before."),
    ("request-body-added", SAFE, "There is a request body now, which can be left out."),
    ("required-request-body-added", BREAKING, "A request body has to be sent, where there was none."),
    ("request-body-removed", BREAKING, "There is no request body any more."),
    ("request-body-became-required", BREAKING, "A request body that could be left out has to be sent."),
    ("request-body-became-optional", SAFE, "A request body that had to be sent can be left out."),
    (
        "request-encoding-changed",
        RISKY,
        "A part of a form is encoded in another way, or takes other media types.",
    ),
    ("request-media-type-added", SAFE, "The request body can be sent in one more media type."),
    ("request-media-type-removed", BREAKING, "A media type of the request body is not taken any more."),
    ("parameter-added", SAFE, "There is one more parameter, which can be left out."),
    ("required-parameter-added", BREAKING, "A new parameter has to be sent."),
    ("parameter-removed", BREAKING, "A parameter is not there any more."),
    ("parameter-became-required", BREAKING, "A parameter that could be left out has to be sent."),
    ("parameter-became-optional", SAFE, "A parameter that had to be sent can be left out."),
    ("parameter-style-changed", BREAKING, "The value of a parameter is spelled in another way."),
    ("parameter-deprecated", RISKY, "A parameter is announced to go away."),
    ("parameter-undeprecated", SAFE, "A parameter that was announced to go away stays."),
    ("security-added", BREAKING, "What anybody could call needs credentials."),
    ("security-removed", RISKY, "What needed credentials can be called by anybody."),
    ("security-alternative-added", SAFE, "One more kind of credentials is enough."),
    ("security-alternative-removed", BREAKING, "Credentials that were enough are not taken any more."),
    ("security-scheme-added", BREAKING, "Credentials that were enough need others beside them."),
    ("security-scheme-removed", RISKY, "Some of the credentials that were needed together are enough."),
    ("security-scope-added", BREAKING, "A token needs more scopes than before."),
    ("security-scope-removed", RISKY, "A token needs fewer scopes than before."),
    ("security-scheme-changed", BREAKING, "A security scheme of the same name wants something else."),
)
_RESPONSE = (
    ("response-property-added", SAFE, "There is one more property to read."),
    ("response-property-removed", BREAKING, "A property is not there any more."),
    ("response-property-became-optional", BREAKING, "A property that was always there can be missing."),
    ("response-property-became-required", SAFE, "A property that could be missing is always there."),
    ("response-media-type-added", SAFE, "A response gains a media type."),
    ("response-media-type-removed", BREAKING, "A media type of a response is not there any more."),
    ("response-status-added", RISKY, "There is a success that clients do not know."),
    ("response-status-removed", BREAKING, "A success that clients wait for is gone."),
    ("response-error-added", SAFE, "One more error has a description of its own."),
    ("response-error-removed", RISKY, "An error that clients may act on is gone."),
    ("response-header-added", SAFE, "There is one more header to read."),
    ("response-header-removed", BREAKING, "A header is not there any more."),
    ("response-header-became-optional", BREAKING, "A header that was always there can be missing."),
    ("response-header-became-required", SAFE, "A header that could be missing is always there."),
)
_BOTH = (
    ("path-added", SAFE, "There is one more path."),
    ("path-removed", BREAKING, "A path is gone, with all its operations."),
    ("operation-added", SAFE, "A path has one more operation."),
    ("operation-removed", BREAKING, "An operation is gone from a path that stays."),
    ("operation-removed-after-sunset", SAFE, "A deprecated operation is gone, after its sunset date."),
    ("parameter-removed-after-sunset", SAFE, "A deprecated parameter is gone, after its sunset date."),
    ("property-removed-after-sunset", SAFE, "A deprecated property is gone, after its sunset date."),
    (
        "sunset-earlier",
        BREAKING,
        "What is deprecated may be gone before the announced day, or on no known one.",
    ),
    ("sunset-later", SAFE, "What is deprecated stays longer than was announced."),
    ("stability-decreased", BREAKING, "An operation is promised to be less stable than before."),
    ("stability-increased", SAFE, "An operation is promised to be more stable than before."),
    ("unstable-operation-changed", SAFE, "An operation has changed that is a draft or alpha."),
    ("webhook-added", SAFE, "A request may be received that clients can ignore."),
    ("webhook-removed", BREAKING, "A request that clients wait for is not sent any more."),
    ("operation-id-renamed", RISKY, "Generated clients name the operation in another way."),
    ("operation-deprecated", RISKY, "An operation is announced to go away."),
    ("operation-undeprecated", SAFE, "An operation that was announced to go away stays."),
    ("property-deprecated", RISKY, "A property is announced to go away."),
    ("property-undeprecated", SAFE, "A property that was announced to go away stays."),
    ("server-added", SAFE, "The operation is at one more server."),
    ("server-removed", RISKY, "A server is not named any more; clients may still call it."),
)

RULES = {
    rule.name: rule
    for rule in (
        *(Compatibility(name, Side.BOTH, severity, meaning) for name, severity, meaning in _BOTH),
        *(Compatibility(name, Side.REQUEST, severity, meaning) for name, severity, meaning in _REQUEST),
        *(Compatibility(name, Side.RESPONSE, severity, meaning) for name, severity, meaning in _RESPONSE),
        *_schema_rules(),
    )
}
