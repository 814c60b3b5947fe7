"""Keeps what a run has done in a file, so that another can go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .arrival import CannotRunError
from .report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from .target import Target


class Resumption:
    """A file that has the report of a run for as long as the run is not over.

    Args:
        path: of the file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self, target: Target) -> Report | None:
        """Return the report of the run that was interrupted, if there was one.

        Raises:
            CannotRunError: the file is something else, or about another target.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            report = msgspec.json.decode(self._path.read_bytes(), type=Report)
        except (OSError, msgspec.DecodeError) as error:
            raise CannotRunError(f"{self._path} is no run to go on with: {error}.") from None
        if (report.subject.url, report.subject.digest) != (target.shown_url, target.contract.digest):
            raise CannotRunError(f"{self._path} is about {report.subject.url}, or about another contract.")
        return report

    def keep(self, report: Report) -> None:
        """Write a report so that the file is whole at any time."""
        if self._path is not None:
            beside = self._path.with_name(f"{self._path.name}.new")
            beside.write_bytes(msgspec.json.encode(report))
            beside.replace(self._path)

    def end(self, report: Report) -> None:
        """Remove the file if nothing is left to go on with, else bring it up to date."""
        if self._path is not None and report.ended:
            self._path.unlink(missing_ok=True)
        else:
            self.keep(report)
