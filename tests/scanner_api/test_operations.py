"""The operations package against the contract, both ways."""

from __future__ import annotations

from contract_first.service.handlers import handlers_of
from contract_first.service.names import handler_named
from scanner_api import operations
from scanner_contract import load_contract

HANDLERS = handlers_of(operations)


def test_every_operation_has_a_handler():
    """No operation of the contract is a silent gap."""
    unhandled = [
        operation.operation_id
        for operation in load_contract().operations
        if handler_named(operation, HANDLERS) is None
    ]
    assert unhandled == []


def test_every_handler_is_of_an_operation():
    """No handler is without an operation."""
    handled = {handler_named(operation, HANDLERS) for operation in load_contract().operations}
    assert set(HANDLERS) == handled
