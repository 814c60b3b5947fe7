"""What is wrong with what is to be a fault."""

from __future__ import annotations


class FaultError(ValueError):
    """What is to be a fault is none.

    Args:
        where: JSON pointer to the part that is wrong; empty for all of it.
        rule: that is broken.
        detail: what is wanted.
    """

    def __init__(self, where: str, rule: str, detail: str) -> None:
        super().__init__(f"{where or 'the whole'}: {detail}")
        self.where = where
        self.rule = rule
        self.detail = detail


class FaultFileError(ValueError):
    """A file holds no faults; the message names the file, the entry and the part."""


class TooManyFaultsError(Exception):
    """No more faults can be on; the message says how many are."""
