"""What checks are called for people; of those of Schemathesis, what each expects, and what to change."""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A check in words.

    Attributes:
        expected: what it expects; empty where its rules say so.
        change: what to do about a violation.
    """

    name: str
    expected: str = ""
    change: str = ""


WORDS: Final = {
    "not_a_server_error": Words(
        "server errors",
        "no request ends in a server error",
        "Handle this request; if it is wrong, refuse it with a documented 4xx.",
    ),
    "status_code_conformance": Words(
        "documented statuses",
        "every status is one that the contract has for the operation",
        "Add the status to the operation's responses, or respond with one that is there.",
    ),
    "content_type_conformance": Words(
        "media types",
        "every response has a media type that the contract has for its status",
        "Send a documented Content-Type, or add this one to the response's content.",
    ),
    "response_headers_conformance": Words(
        "response headers",
        "every response has the headers that the contract has for its status",
        "Send the header as the contract has it, or change the contract.",
    ),
    "response_schema_conformance": Words(
        "response bodies",
        "every body conforms to the schema that the contract has for its status",
        "Send what the schema allows, or change the schema.",
    ),
    "negative_data_rejection": Words(
        "refusal of wrong data",
        "a request that violates the contract is refused",
        "Validate the request, or loosen its schema.",
    ),
    "positive_data_acceptance": Words(
        "acceptance of right data",
        "a request that conforms to the contract is accepted",
        "Accept the request, or say in its schema what is wrong with it.",
    ),
    "missing_required_header": Words(
        "required headers",
        "a request without a required header is refused",
        "Refuse the request, or make the header optional in the contract.",
    ),
    "unsupported_method": Words(
        "undeclared methods",
        "a method that a path does not have gets a 405 with Allow",
        "Respond with 405 and Allow, or add the operation to the contract.",
    ),
    "allow_header_conformance": Words(
        "Allow header",
        "Allow lists the methods that the contract has for the path",
        "List the methods of the contract in Allow.",
    ),
    "use_after_free": Words(
        "deletion",
        "what was deleted is gone",
        "Respond with 404 or 410 for what was deleted.",
    ),
    "ensure_resource_availability": Words(
        "creation", "what was created is there", "Store what is created before the response to it."
    ),
    "ignored_auth": Words("authentication"),
    "object_level_authorization": Words("authorization of objects"),
    "connection": Words(
        "connection",
        "every request gets a whole response",
        "Look into the server's log: it closed the connection, or its headers do not fit the body.",
    ),
    "rate_limit_headers": Words("rate-limit headers"),
    "http_semantics": Words("HTTP semantics"),
    "retry_after": Words("Retry-After"),
}


def words_of(check: str) -> Words:
    """Return a check in words, its own name if there are no others."""
    return WORDS.get(check, Words(check.replace("_", " ")))
