"""Finds security schemes that are not spelled as in OpenAPI 3, or require no credentials."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import Location
from contract_first.contract.document.defects import Action, Flaw

TYPES = {name.lower(): name for name in ("apiKey", "basic", "http", "mutualTLS", "oauth2", "openIdConnect")}
FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
"""Names of flows in OpenAPI 3, by those of Swagger 2.0."""
NOTHING = "noauth"
"""The type that tools export for an API without credentials."""


def scheme_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield the flaws of security schemes: capital letters, types of Swagger 2.0, and ``noauth``."""
    for location in locations:
        if location.kind != "securityScheme" or not isinstance(location.node, dict):
            continue
        scheme = _meant(location.node)
        if NOTHING in {str(scheme.get(name)).lower() for name in ("type", "scheme")}:
            fix = partial(_require_nowhere, locations, location.pointer)
            yield Flaw(location.pointer, "asks for no credentials, so nothing requires it.", fix=fix)
        elif scheme != location.node:
            fix = partial(_replace, location.node, scheme)
            yield Flaw(
                location.pointer, f"is not spelled as in OpenAPI 3; read as {scheme['type']}.", fix=fix
            )


def _meant(node: dict[str, Any]) -> dict[str, Any]:
    """Return a scheme with type and location of the key spelled as in OpenAPI 3."""
    scheme, kind, where = dict(node), str(node.get("type")).lower(), node.get("in")
    if kind in TYPES:
        scheme["type"] = TYPES[kind]
        scheme |= {"in": where.lower()} if isinstance(where, str) else {}
    is_of_20 = kind == "basic" or ("flow" in node and "flows" not in node)
    return security_scheme(scheme) if is_of_20 else scheme


def _replace(node: dict[str, Any], scheme: dict[str, Any]) -> Action:
    node.clear()
    node.update(scheme)
    return "repaired"


def _require_nowhere(locations: Sequence[Location], pointer: str) -> Action:
    """Leave out a security scheme, also from the requirements that name it."""
    *_, name = pointers.split(pointer)
    del locations[0].node["components"]["securitySchemes"][name]
    for location in locations:
        if location.kind in {"openapi", "operation"} and isinstance(location.node, dict):
            listed = location.node.get("security")
            for alternative in listed if isinstance(listed, list) else ():
                if isinstance(alternative, dict):
                    alternative.pop(name, None)
    return "repaired"


def security_scheme(node: Any) -> Any:
    """Convert a Security Scheme Object of Swagger 2.0 to OpenAPI 3."""
    if not isinstance(node, dict):
        return node
    if node.get("type") == "basic":
        return {**node, "type": "http", "scheme": "basic"}
    if node.get("type") != "oauth2":
        return node
    about = ("authorizationUrl", "tokenUrl", "scopes")
    flow = {"scopes": {}, **{name: node[name] for name in about if name in node}}
    rest = {name: value for name, value in node.items() if name not in {*about, "flow"}}
    name = str(node.get("flow"))
    return {**rest, "flows": {FLOWS.get(name, name): flow}}
