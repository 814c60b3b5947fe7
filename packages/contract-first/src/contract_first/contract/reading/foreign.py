"""Recognises documents of other formats, which people hand over in place of a contract."""

import re
from collections.abc import Mapping
from typing import Any

CONVERT = "convert it to OpenAPI, and give that"
BEGINNINGS = {
    re.compile(r"#%RAML"): f"is RAML; {CONVERT}.",
    re.compile(
        r'(?:\s|#.*|"""[^"]*""")*(?:extend\s+)?(?:type|interface|input|enum|union|scalar|schema|directive)\b'
        r"[\w\s&@]*[{=(]"
    ): "is a schema of GraphQL; expected a contract of HTTP operations in OpenAPI.",
}
MEMBERS = {
    (
        "asyncapi",
    ): "is AsyncAPI, which describes messages; expected a contract of HTTP operations in OpenAPI.",
    ("arazzo",): "is Arazzo, which describes workflows; give one of its sourceDescriptions.",
    ("overlay", "actions"): "is an Overlay; give the contract that it extends, and this by --overlay.",
    ("info", "item"): f"is a Postman collection; {CONVERT}.",
    ("consumer", "provider"): "is a Pact, the contract of one consumer; give the provider's in OpenAPI.",
}


def foreign_text(text: str) -> str:
    """Return what a text is and what to give instead, if it is in another format; else nothing."""
    return next((reason for pattern, reason in BEGINNINGS.items() if pattern.match(text)), "")


def foreign_document(document: Mapping[str, Any]) -> str:
    """Return the same of a document, by its members."""
    return next((reason for members, reason in MEMBERS.items() if document.keys() >= set(members)), "")
