"""Writes of several operations: errors of rules and stores as problems."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from openapi_service.problems import ValidationFailed, Violation
from scanner_api.access.callers import not_active
from scanner_api.scanning.metadata import MetadataError, merge
from scanner_api.storage.activity import SessionClosed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def merged_metadata(stored: Mapping[str, str], sent: Mapping[str, str] | None) -> dict[str, str]:
    """Return metadata after a write, or raise ValidationFailed."""
    try:
        return merge(stored, sent)
    except MetadataError as error:
        raise invalid("/metadata", error.rule, str(error)) from None


def invalid(pointer: str, rule: str, detail: str) -> ValidationFailed:
    """Return the problem of a body with one invalid part."""
    return ValidationFailed([Violation("body", pointer, rule, detail)])


@contextmanager
def conflict_if_closed() -> Iterator[None]:
    """Raise Conflict for a session that was completed between reading and writing it."""
    try:
        yield
    except SessionClosed as closed:
        raise not_active(closed.status) from None
