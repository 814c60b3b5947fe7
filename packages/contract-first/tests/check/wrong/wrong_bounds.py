"""Shops that do not enforce one bound of a parameter or of a member of a body."""

from wrong_bends import Row
from wrong_shop import CONTRACT, Bends


def bound(keyword: str, place: str) -> Row:
    """Leave a keyword of the contract out of what the shop validates."""
    return f"{place} {keyword}", "boundaries: refused", Bends(lax=(f"{PLACES[place]}.{keyword}",))


_PARAMETERS = {
    f"{parameter['in']} {parameter['name']}": f"paths.{path}.get.parameters.{index}"
    for path in ("/items", "/reports/{year}")
    for index, parameter in enumerate(CONTRACT.document["paths"][path]["get"]["parameters"])
}
_DRAFT = "components.schemas.Draft"
PLACES = {
    **{name: f"{pointer}.schema" for name, pointer in _PARAMETERS.items()},
    **{f"whole {name}": pointer for name, pointer in _PARAMETERS.items()},
    "item of query marks": f"{_PARAMETERS['query marks']}.schema.items",
    **{
        f"body {name}": f"{_DRAFT}.properties.{name}"
        for name in CONTRACT.document["components"]["schemas"]["Draft"]["properties"]
    },
    "item of body tags": f"{_DRAFT}.properties.tags.items",
    "body owner/name": f"{_DRAFT}.properties.owner.properties.name",
    "body": _DRAFT,
    "body that lacks": f"{_DRAFT}.required",
    "owner that lacks": f"{_DRAFT}.properties.owner.required",
    "part": "components.schemas.Part",
}
BOUNDS = {
    "query page": "minimum maximum",
    "query page_size": "minimum maximum",
    "query kind": "enum",
    "query sort": "enum",
    "query text": "minLength maxLength",
    "query code": "pattern",
    "query ratio": "exclusiveMaximum type",
    "query marks": "maxItems uniqueItems",
    "item of query marks": "maximum",
    "header X-Trace": "maxLength",
    "header X-Level": "enum",
    "cookie theme": "enum",
    "path year": "minimum maximum",
    "whole query depth": "required",
    "query depth": "enum",
    "whole header X-Unit": "required",
    "header X-Unit": "enum",
    "body name": "minLength maxLength type",
    "body kind": "enum",
    "body size": "minimum maximum type",
    "body price": "exclusiveMinimum multipleOf",
    "body code": "pattern",
    "body grade": "enum",
    "body tags": "minItems maxItems uniqueItems type",
    "item of body tags": "maxLength",
    "body owner/name": "minLength maxLength",
    "body": "additionalProperties",
    "body that lacks": "name kind size code tags owner",
    "owner that lacks": "name",
    "part": "minProperties",
}
OPERATIONS = {
    "paths./items.": ["list_items"],
    "paths./reports": ["read_report"],
    "components.schemas.Draft": ["add_item"],
    "components.schemas.Part": ["add_item", "change_item"],
}
"""By the beginning of a pointer, the operations that have the keyword: it takes an item to change one."""


def operations_of(bends: Bends) -> list[str]:
    """Return the operations whose bound is not enforced, all if none is."""
    begins = (ids for pointer in bends.lax for begin, ids in OPERATIONS.items() if pointer.startswith(begin))
    return next(begins, [])


ROWS = [bound(keyword, place) for place, keywords in BOUNDS.items() for keyword in keywords.split()]
