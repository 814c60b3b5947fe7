"""``serve`` one's own handlers by one's own contract."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from openapi_contract.cli.commands import failure
from openapi_service.handlers import ResolverError, handlers_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

Handlers = Annotated[
    str | None,
    typer.Option(metavar="PACKAGE", help="Package of the handlers, as it is imported from this folder."),
]


def imported(name: str) -> ModuleType:
    """Import a module, also from the current folder; what cannot be imported ends the command with 2."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return import_module(name)
    except (ImportError, ValueError) as error:
        raise failure(f"Cannot import {name!r}: {error}.") from None


def imported_handlers(package: str) -> dict[str, Callable[..., object]]:
    """Return the handlers of a package by name, none for the empty name; else end with exit code 2."""
    try:
        return dict(handlers_of(imported(package))) if package else {}
    except (ResolverError, AttributeError) as error:
        raise failure(f"{package!r} is no package of handlers: {error}.") from None
