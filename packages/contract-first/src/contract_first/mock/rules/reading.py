"""Rules from outside: of the control API, a file, or the header ``X-Mock-Fault``.

All are validated by the schemas of the control API's document.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Literal

import msgspec

from contract_first.contract.document.lines import lines_of
from contract_first.contract.document.parsing import parse
from contract_first.contract.schemas.schema import Schema
from contract_first.files import read_bytes, read_text
from contract_first.mock.extension import Extension
from contract_first.mock.override import Respond, text_or_base64
from contract_first.mock.rule import Effect, Rule, RuleError, RuleFileError
from contract_first.service.messages.problems import BadRequest

from .registry import Injection, Kind

HEADER = "X-Mock-Fault"
LONGEST_HEADER = 1000
LONGEST_NAME = 100
MOST_BYTES = 1024 * 1024
_LITERAL = re.compile(r"true|false|-?(0|[1-9]\d{0,14})(\.\d{1,15})?")


class RuleReader:
    """Reads rules.

    Attributes:
        files: what the last file of rules consists of: itself, and those that its rules name.
    """

    def __init__(self, extension: Extension) -> None:
        self.files: set[Path] = set()
        self._extension = extension
        self._rule = extension.rule
        self._effect = next(f.type for f in msgspec.structs.fields(extension.rule) if f.name == "effect")

    def rule(self, value: Any, folder: Path | None = None) -> Rule:
        """Return the rule that a JSON value is.

        Args:
            folder: of the files that the rule may name; None for no files.

        Raises:
            RuleError: it is none.
        """
        self._validate("Fault", value)
        rule = msgspec.convert(value, self._rule, strict=False)  # 1.0 is an integer to JSON Schema
        if folder is not None:
            rule = msgspec.structs.replace(rule, effect=self._with_files(rule.effect, folder))
        rule.check()
        return rule

    def injection(self, text: str, on: Literal["api", "s3"]) -> Injection:
        """Return the effect that a header's value asks for, such as ``status=503; latency_ms=200; drop``.

        Raises:
            BadRequest: it is no effect; the message names the part.
        """
        if len(text) > LONGEST_HEADER:
            raise BadRequest(f"{HEADER} has {len(text)} characters; at most {LONGEST_HEADER} are read.")
        members: dict[str, Any] = {}
        for part in filter(None, map(str.strip, text.split(";"))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if name in members:
                raise BadRequest(f"{HEADER}: {name!r} is there twice.")
            literal = msgspec.json.decode(value) if _LITERAL.fullmatch(value) else value.strip('"')
            members[name] = literal if equals else True
        try:
            self._validate("Effect", members)
            effect: Effect = msgspec.convert(members, self._effect, strict=False)
            self._rule(on=on, effect=effect).check("")
        except RuleError as error:
            raise BadRequest(f"{HEADER}: {error}") from None
        assert isinstance(effect.latency_ms, int | float)  # noqa: S101 -- a header has no distributions
        return Injection("header", effect, effect.latency_ms / 1000)

    def file(
        self, path: Path, check: Callable[[Rule, Kind], None] = lambda _, __: None, kind: Kind = "fault"
    ) -> list[Rule]:
        """Return the rules in a file: a list of them, or an object with it in ``faults`` or ``overrides``.

        A name that ends with ``.toml`` is TOML (``[[faults]]``), any other YAML, of which JSON is a part.

        Args:
            check: raises RuleError for a rule that cannot be active.
            kind: of the rules.

        Raises:
            RuleFileError: it cannot be read, or is not valid.
        """
        self.files = {path}

        def place(number: int, entry: Any) -> str:
            return f"{path}{_line(path, f'{kind}s', number)}: entry {number}{_name(entry)}"

        return [*self.rules(rule_documents(path, f"{kind}s"), place, check, kind, path.parent)]

    def rules(
        self,
        documents: Iterable[Any],
        place: str | Callable[[int, Any], str],
        check: Callable[[Rule, Kind], None] = lambda _, __: None,
        kind: Kind = "override",
        folder: Path | None = None,
    ) -> Iterator[Rule]:
        """Yield the rules that JSON values are.

        Args:
            place: names where they are from in errors, or one of them by its number, from 1.
            check, kind, folder: as of `file` and `rule`.

        Raises:
            RuleFileError: one is not valid, or cannot be active.
        """
        for number, document in enumerate(documents, 1):
            try:
                rule = self.rule(document, folder)
                check(rule, kind)
            except RuleError as error:
                named = f"{place}: entry {number}" if isinstance(place, str) else place(number, document)
                raise RuleFileError(f"{named}: {error}") from None
            yield rule

    def _with_files(self, effect: Effect, folder: Path, at: str = "/effect") -> Effect:
        """Return an effect with the content of the files that it names."""
        respond = effect.respond
        if respond is not None and isinstance(respond.file, str):
            self.files.add(folder / respond.file)
            try:
                respond = _with_content(respond, _content(folder, respond.file))
            except ValueError as error:
                raise RuleError(f"{at}/respond/file", "file", str(error)) from None
        steps = enumerate(effect.sequence)
        sequence = tuple(self._with_files(step, folder, f"{at}/sequence/{number}") for number, step in steps)
        return msgspec.structs.replace(effect, respond=respond, sequence=sequence)

    @cached_property
    def _schemas(self) -> dict[str, Schema]:
        contract = self._extension.control_contract()
        components = contract.document["components"]["schemas"]
        return {name: contract.schemas.of(components[name]) for name in ("Fault", "Effect")}

    def _validate(self, name: str, value: Any) -> None:
        violation = next(self._schemas[name].validator.violations(value, "body"), None)
        if violation is not None:
            raise RuleError(violation.name, violation.rule, violation.detail)


def rule_documents(path: Path, kind: str, most_bytes: int = MOST_BYTES) -> list[Any]:
    """Return the rules in a file as JSON values: a list, or the member of an object that they are called by.

    Raises:
        RuleFileError: it cannot be read, or has no such list.
    """
    document = _document(path, most_bytes)
    if isinstance(document, dict):
        document = document.get(kind)
    if not isinstance(document, list):
        raise RuleFileError(f"{path}: expected a list of {kind}, or an object with one in '{kind}'.")
    return document


def _line(path: Path, kind: str, number: int) -> str:
    """Return the line that an entry of a file begins in; nothing where that is not known any more."""
    try:
        text = read_text(path, MOST_BYTES)
        if path.suffix.lower() == ".toml":
            tables = [at for at, line in enumerate(text.splitlines(), 1) if line.strip() == f"[[{kind}]]"]
            return f":{tables[number - 1]}"
        sought = f"/{kind}/{number - 1}", f"/{number - 1}"
        lines = lines_of(text.encode(), path.suffix.lower().removeprefix("."), sought)
        return next((f":{lines[pointer]}" for pointer in sought if pointer in lines), "")
    except (ValueError, LookupError):
        return ""


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    is_short = isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME
    return f" ({name})" if is_short else ""


def _content(folder: Path, name: str) -> bytes:
    """Return the content of a file in a folder; raises ValueError if there is no such file."""
    if "\0" in name:
        raise ValueError("has a null byte in its name")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("is not in the folder of the rule's file")
    return read_bytes(path, MOST_BYTES, name)


def _with_content(respond: Respond, content: bytes) -> Respond:
    """Return a response whose body is the content of its file."""
    media_type = guess_type(str(respond.file))[0]
    is_open = media_type and "content-type" not in {name.lower() for name in respond.headers}
    headers = {**respond.headers, "Content-Type": media_type} if is_open else respond.headers
    body: dict[str, Any] = text_or_base64(content)
    return msgspec.structs.replace(respond, file=msgspec.UNSET, headers=headers, **body)


def _document(path: Path, most_bytes: int) -> Any:
    try:
        text = read_text(path, most_bytes)
    except ValueError as error:
        raise RuleFileError(str(error)) from None
    try:
        return _parsed(text, path.suffix.lower().removeprefix("."))
    except ValueError as error:
        raise RuleFileError(f"{path}: {error}") from None


def _parsed(text: str, suffix: str) -> Any:
    if suffix != "toml":
        return parse(text, suffix=suffix)
    try:
        return parse(json.dumps(tomllib.loads(text), default=str))  # a date is text, as in JSON
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"is not TOML: {error}.") from None
