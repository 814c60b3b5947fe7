"""A file of rules that stay for as long as the mock runs, read again when it changes."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from contract_first.contract.reading.signatures import signature
from contract_first.mock.rule import RuleFileError
from contract_first.mock.watching import watching
from contract_first.service.messages.problems import Conflict

from .reading import RuleReader
from .registry import Rules


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file of rules.

    Attributes:
        tell: called with a sentence after each reload, successful or not.
    """

    path: Path
    reader: RuleReader
    rules: Rules
    tell: Callable[[str], None]

    def load(self) -> None:
        """Activate the rules of the file, in place of those before.

        Raises:
            RuleFileError: it cannot be read, or is not valid.
        """
        try:
            self.rules.load(self.reader.file(self.path, self.rules.check, f"{self.rules.kind}s"))
        except Conflict as error:
            raise RuleFileError(f"{self.path}: {error.detail}") from None

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Load the file again whenever it changes, or one that its rules name, while this is entered."""
        return watching(lambda: signature({self.path, *self.reader.files}), self._reload, self.tell)

    async def _reload(self) -> str:
        """Load the file again, and return the outcome in a sentence; the rules stay if it is not valid."""
        try:
            await asyncio.to_thread(self.load)
        except RuleFileError as error:
            return f"The {self.rules.kind}s stay as they were: {error}"
        return f"Reloaded {self.path}."
