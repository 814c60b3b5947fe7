"""Faults in a file: JSON, YAML or TOML."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from openapi_contract.parsing import parse

from .errors import FaultError, FaultFileError
from .reading import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .fault import Fault

MOST_BYTES = 1024 * 1024
LONGEST_NAME = 100


def faults_in(path: Path, check: Callable[[Fault], None] = lambda _: None) -> list[Fault]:
    """Return the faults in a file: a list of them, or an object with the list in ``faults``.

    A name that ends with ``.toml`` is TOML (``[[faults]]``), any other YAML, of which JSON is a part.

    Args:
        path: the file.
        check: raises FaultError for a fault that cannot be.

    Raises:
        FaultFileError: it cannot be read, or holds anything else.
    """
    document = _document(path)
    if isinstance(document, dict) and set(document) == {"faults"}:
        document = document["faults"]
    if not isinstance(document, list):
        raise FaultFileError(f"{path}: wanted is a list of faults, or an object that has one in 'faults'.")
    return [_fault(path, number, entry, check) for number, entry in enumerate(document, 1)]


def _fault(path: Path, number: int, entry: Any, check: Callable[[Fault], None]) -> Fault:
    try:
        fault = fault_of(entry)
        check(fault)
    except FaultError as error:
        name = entry.get("name") if isinstance(entry, dict) else None
        called = (
            f" ({name})" if isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME else ""
        )
        raise FaultFileError(f"{path}: entry {number}{called}: {error}") from None
    return fault


def _document(path: Path) -> Any:
    try:
        return _parsed(_read(path).decode("utf-8-sig"), path.suffix.lower().removeprefix("."))
    except OSError as error:
        raise FaultFileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise FaultFileError(f"{path} is not UTF-8 at byte {error.start}.") from None
    except ValueError as error:
        raise FaultFileError(f"{path} {error}") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"has more than {MOST_BYTES} bytes.")
    return content


def _parsed(text: str, suffix: str) -> Any:
    if suffix != "toml":
        return parse(text, suffix=suffix)
    try:
        return parse(json.dumps(tomllib.loads(text), default=str))  # a date is text, as in JSON
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"is not TOML: {error}.") from None
