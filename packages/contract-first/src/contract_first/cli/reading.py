"""Reads the contract of a command, without importing comparison and linter."""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document.fetching import References, following
from contract_first.contract.reading.revisions import checked_out
from contract_first.signatures import Flag, read_fields

from .commands import Command, failure, takes
from .options import options_of, record_of

Load = Callable[..., Contract]
"""Loads the contract in a file or at a URL, and for None that of the application, as `load_contract` does."""
HELP = "Contract: JSON or YAML, a file or a URL."
File = Annotated[str, typer.Argument(metavar="FILE|URL", help=HELP)]
Source = Annotated[str, typer.Option(metavar="FILE|URL", help=HELP)]


class ReferenceOptions(NamedTuple):
    """How the references of a contract are followed.

    Attributes:
        offline: fetch no URL that a contract refers to.
        references: JSON file that caches what such URLs hold: with it, later runs fetch nothing.
        root: read the contract from this folder alone, and no URL.
    """

    offline: Annotated[bool, Flag()] = False
    references: Annotated[Path | None, Flag()] = None
    root: Annotated[Path | None, Flag("DIR")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractOptions:
    """How a contract is read.

    Attributes:
        overlay: OpenAPI Overlay to apply to the contract, in this order.
        strict: refuse an invalid contract instead of repairing it; from OpenAPI 3.1 on, readOnly members are
            required of requests, too.
    """

    overlay: Annotated[tuple[Path, ...], Flag(names=("--overlay",))] = ()
    strict: Annotated[bool, Flag()] = False

    def __post_init__(self) -> None:
        read_fields(self)


def follows_references(command: Command) -> Command:
    """Return a command that follows the references of its contracts, and the options that say how."""

    @wraps(command)
    def run(*arguments: Any, **others: Any) -> None:
        references = record_of(ReferenceOptions, others)
        try:
            followed = References(references.references, offline=references.offline, root=references.root)
        except ContractError as error:
            raise failure(error) from None
        with following(followed):
            command(*arguments, **others)

    return takes(**options_of(ReferenceOptions))(run)  # type: ignore[return-value]  # the same, and its options


def read_contract(
    source: str | None,
    load: Load = load_contract,
    overlays: Sequence[Path] | None = None,
    *,
    strict: bool | None = None,
    printed: Collection[str] = (),
) -> Contract:
    """Load a contract and print its warnings; if it cannot be loaded, end the command with 2.

    Args:
        strict: what ``--strict`` says, of commands that have it; the others refuse what is invalid.
        printed: warnings that were printed before.
    """
    place = source
    try:
        with ExitStack() as stack:
            place = stack.enter_context(checked_out(source)) if source else source
            contract = load(place, overlays or (), lenient=strict is False)
    except ContractError as error:
        text = str(error).replace(place, source) if source and place else str(error)
        raise failure(text, page=error.page) from None
    for warning in (text for text in contract.warnings if text not in printed):
        typer.echo(warning, err=True)
    return replace(contract, strict=True) if strict else contract
