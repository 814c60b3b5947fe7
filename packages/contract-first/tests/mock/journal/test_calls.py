"""Assertions on the calls that were made: they say what was called instead."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange, Validation
from contract_first.mock.journal.calls import Calls
from contract_first.mock.journal.journal import Journal


def journal_of(*operations, **differing):
    """Return a journal with a call of each operation."""
    journal = Journal()
    for operation in operations:
        call = {
            "started": datetime.now(UTC),
            "milliseconds": 1,
            "method": "POST",
            "url": f"http://127.0.0.1/{operation}",
            "status": 201,
            "request": Message(),
            "response": Message(),
            "operation": f"api_{operation}",
        }
        journal.record(RecordedExchange(**{**call, **differing}))
    return journal


def test_calls_that_were_made():
    """What was called is returned, oldest first, however often it may be."""
    calls = Calls(journal_of("create_session", "get_session", "create_session"))
    assert [each.number for each in calls.assert_called(operation="create_session")] == [1, 3]
    assert len(calls.assert_called(operation="create_session", times=2)) == 2
    assert len(calls(method="POST")) == 3
    calls.assert_not_called(operation="register_photo")
    calls.assert_called(times=0, operation="register_photo")


def test_a_call_that_was_not_made():
    """The message says what was expected and what was called instead."""
    calls = Calls(journal_of("create_session", status=0, fault="fault-1"))
    with pytest.raises(AssertionError) as failed:
        calls.assert_called(operation="get_session", within=0)
    assert str(failed.value) == (
        "Expected a call of operation='get_session'; there were none. What was called:\n"
        "  #1 POST http://127.0.0.1/create_session -> no response "
        "(api_create_session, changed by fault fault-1)"
    )


def test_too_many_calls():
    """Two calls are not one call."""
    calls = Calls(journal_of("create_session", "create_session"))
    with pytest.raises(
        AssertionError, match=r"Expected 1 call of operation='create_session'; there were 2\."
    ):
        calls.assert_called(operation="create_session", times=1)


def test_a_call_that_was_not_to_be():
    """A call that was not to be made is reported."""
    calls = Calls(journal_of("create_session"))
    with pytest.raises(
        AssertionError, match=r"Expected no call of method='POST'; there was 1\. .*\n  #1 POST"
    ):
        calls.assert_not_called(method="POST")


def test_nothing_was_called():
    """An empty journal says so."""
    with pytest.raises(
        AssertionError, match=r"Expected 2 calls of any request; there were none\. Nothing was"
    ):
        Calls(Journal()).assert_called(times=2, within=0)


def test_long_journals_are_cut():
    """A message shows the latest twenty calls, and how many were before."""
    with pytest.raises(AssertionError, match=r"\.\.\. and 5 before them") as failed:
        Calls(journal_of(*["get_session"] * 25)).assert_not_called()
    assert str(failed.value).count("#") == 20


def test_calls_of_one_scope():
    """With a scope, the calls of other test runs are not there."""
    journal = journal_of("create_session", scope="other")
    Calls(journal, scope="mine").assert_not_called()
    Calls(journal, scope="other").assert_called()


def test_violations():
    """What violated the contract is reported with the contract's own rule."""

    class Validator:
        def __call__(self, exchange):
            wrong = MessageViolation(part="body", where="/name", rule="maxLength", detail="is too long")
            return Validation(request=[wrong] if exchange.number == 2 else [])

    journal = journal_of("create_session", "create_session")
    Calls(journal).assert_no_violations()
    journal.validate_with(Validator)
    with pytest.raises(AssertionError) as failed:
        Calls(journal).assert_no_violations()
    assert "#2 POST" in str(failed.value)
    assert "request body /name: is too long" in str(failed.value)
    assert "#1" not in str(failed.value)
