"""A hook of Schemathesis: each request that it generates is new, and has an idempotency key of its own."""

import uuid
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.parameters import ParameterLocation

KEY = "idempotency-key"


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001 -- Schemathesis's signature
    """Replace a key that conforms to the contract: with other data it would rightly be refused."""
    if case.meta is None or case.meta.is_negative_at(ParameterLocation.HEADER):
        return
    for name in case.headers or ():
        if name.lower() == KEY:
            case.headers[name] = str(uuid.uuid4())
