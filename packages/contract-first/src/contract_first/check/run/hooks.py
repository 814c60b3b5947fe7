"""Hooks of Schemathesis that only a process may have, not a schema: what is done before each request."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

KEY = "idempotency-key"


@contextmanager
def before_calls(hook: Callable[[HookContext, Case[Any], dict[str, Any]], None]) -> Iterator[None]:
    """Call a function before each request, of one run at a time."""
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
