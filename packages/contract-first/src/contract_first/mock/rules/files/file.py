"""A file of rules that stay for as long as the mock runs, read again when it changes."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from contract_first.mock.rule import Rule, RuleFileError
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.rules.registry import Rules
from contract_first.service.messages.problems import Conflict
from contract_first.service.watching import watching

from .saving import saved, with_rule


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file of overrides.

    Attributes:
        tell: called with a sentence after each reload, successful or not.
    """

    path: Path
    reader: RuleReader
    rules: Rules
    tell: Callable[[str], None]
    _saving: Lock = field(default_factory=Lock, init=False)

    def load(self) -> None:
        """Activate the rules of the file, in place of those before.

        Raises:
            RuleFileError: it cannot be read, or is not valid.
        """
        try:
            self.rules.load(self.reader.file(self.path, self.rules.check, "override"))
        except Conflict as error:
            raise RuleFileError(f"{self.path}: {error.detail}") from None

    def save(self, rule: Rule) -> None:
        """Write a rule into the file, before those that are there, and load them.

        Raises:
            RuleFileError: the file cannot be read or written, or has no place for it.
        """
        with self._saving:
            try:
                suffix = self.path.suffix.lower().removeprefix(".")
                text = self.path.read_text("utf-8-sig")
                text = with_rule(text, suffix, "overrides", saved(rule))
                beside = self.path.with_name(f".{self.path.name}.new")
                beside.write_text(text, "utf-8")
                beside.replace(self.path)
            except OSError as error:
                raise RuleFileError(f"{self.path} cannot be written: {error.strerror}.") from None
            except ValueError as error:
                raise RuleFileError(f"{self.path} {error}") from None
            self.load()

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Load the file again whenever it changes, or one that its rules name, while this is entered."""
        return watching(lambda: {self.path, *self.reader.files}, self._reload, self.tell)

    async def _reload(self) -> str:
        """Load the file again, and return the outcome in a sentence; the rules stay if it is not valid."""
        try:
            await asyncio.to_thread(self.load)
        except RuleFileError as error:
            return f"The overrides stay as they were: {error}"
        return f"Reloaded {self.path}."
