"""Hooks of Schemathesis: what it does before each operation and each request."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.schemas import APIOperation

from contract_first.contract.contract import IGNORED_HEADER_PARAMETERS

KEY = "idempotency-key"


@contextmanager
def before_calls(hook: Callable[[HookContext, Case[Any], dict[str, Any]], None]) -> Iterator[None]:
    """Call a function before each request, of one run at a time: a process has this hook, not a schema."""
    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(hook, "before_call")
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(hook)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001 -- Schemathesis's signature
    """Replace an idempotency key that conforms to the contract: with other data it would be refused."""
    if case.meta is None or case.meta.is_negative_at(ParameterLocation.HEADER):
        return
    for name in case.headers or ():
        if name.lower() == KEY:
            case.headers[name] = str(uuid.uuid4())


def leave_out_ignored(_context: HookContext, operation: APIOperation[Any, Any, Any, Any]) -> None:
    """Leave out header parameters that have no effect (OpenAPI 3.1, section 4.8.12), sent or not."""
    headers = operation.headers
    headers.items = [field for field in headers if field.name.lower() not in IGNORED_HEADER_PARAMETERS]
