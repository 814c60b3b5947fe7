"""The operations package against the contract, both ways."""

from __future__ import annotations

from openapi_service.binding import handlers_of
from openapi_service.resolver import HandlerResolver
from scanner_api import operations
from scanner_contract import load_contract

HANDLERS = handlers_of(operations)


def test_every_operation_has_a_handler():
    """No operation of the contract is a silent gap."""
    resolver = HandlerResolver(HANDLERS)
    unanswered = [
        operation.operation_id
        for operation in load_contract().operations
        if resolver.name_for(operation.operation_id) is None
    ]
    assert unanswered == []


def test_every_handler_answers_an_operation():
    """No handler is without an operation."""
    resolver = HandlerResolver(HANDLERS)
    answered = {resolver.name_for(operation.operation_id) for operation in load_contract().operations}
    assert set(HANDLERS) == answered


def test_a_handler_is_named_by_the_longest_tail_of_its_operation_id():
    """``apps_x_list_things`` is ``list_things`` where there is one, not ``things``."""
    resolver = HandlerResolver({"things": None, "list_things": None})
    assert resolver.name_for("apps_x_list_things") == "list_things"
    assert resolver.name_for("apps_x_list_thing") is None
