"""``overrides`` and ``seed-data``: recorded traffic as overrides of a mock, or as its initial items."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from contract_first.masking import Masking
from contract_first.mock.rule import RuleFileError
from contract_first.mock.rules.files.recording import Matching, as_file, recorded_responses, recorded_rules
from contract_first.mock.stateful.recorded import RecordedItems
from contract_first.signatures import Flag

from .commands import failure, notice, option, takes
from .options import options_of, record_of
from .reading import ContractOptions, Source, follows_references, read_contract


class MatchOptions(NamedTuple):
    """What requests have in common with recorded ones.

    Attributes:
        match_header: header that requests have in common with recorded ones.
        match_body: member of the body, by JSON pointer, that they have in common, in place of all of it.
    """

    match_header: Annotated[Sequence[str], Flag("NAME")] = ()
    match_body: Annotated[Sequence[str], Flag("POINTER")] = ()


OUTPUT = option(Path | None, "File to write, by default standard output.", "--output", "-o")
Har = Annotated[
    Path, typer.Argument(metavar="HAR", exists=True, dir_okay=False, help="The recorded traffic.")
]


@takes(**options_of(MatchOptions), output=OUTPUT)
def overrides(har: Har, *, output: Path | None, **options: Any) -> None:
    """Write the traffic in a HAR file as overrides of a mock.

    The mock then responds to the same requests as recorded. Secrets are masked. A recording of
    proxy --record is such a file already.

    Exit codes: 0 written, 2 the file is no HAR, or the output cannot be written.
    """
    try:
        rules = recorded_rules(har, Matching(*record_of(MatchOptions, options)), notice, Masking())
        if rules is None:
            raise failure(f"{har} is no HAR: expected a JSON object with a member 'log'.")
        _write(as_file(rules), output)
    except (RuleFileError, OSError) as error:
        raise failure(error) from None


Recording = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A HAR, or what proxy --record wrote."),
]


@follows_references
@takes(overlay=options_of(ContractOptions)["overlay"], output=OUTPUT)
def seed_data(recording: Recording, *, contract: Source, overlay: list[Path], output: Path | None) -> None:
    """Write the items in recorded traffic as those that a mock starts with.

    Each item is as it was seen last; those that were deleted are left out, and so is what the contract does
    not allow, which standard error names. Secrets are left out, and generated.

    Exit codes: 0 written, 1 there are no items, 2 a file cannot be read or written.
    """
    items = RecordedItems(read_contract(contract, overlays=overlay, strict=False))
    try:
        for method, path, body in recorded_responses(recording):
            items.see(method, path, body)
        document = items.document(notice)
        if not document:
            raise failure(f"{recording} shows no item of a collection of the contract.", 1)
        _write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n", output)
    except (RuleFileError, OSError) as error:
        raise failure(error) from None
    finally:
        items.end()


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        typer.echo(content, nl=False)
    else:
        output.write_bytes(content)
