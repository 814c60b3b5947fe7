"""``overrides``: recorded traffic as a file of overrides."""

from pathlib import Path
from typing import Annotated

import typer

from contract_first.check.masking import Masking
from contract_first.mock.rule import RuleFileError
from contract_first.mock.rules.files.recording import Matching, as_file, recorded_rules

from .commands import failure, option, takes, texts

MATCHING = {
    "match_header": texts("Header that requests have in common with recorded ones", "NAME"),
    "match_body": texts(
        "Member of the body, by JSON pointer, that they have in common, in place of all of it", "POINTER"
    ),
}
Har = Annotated[
    Path, typer.Argument(metavar="HAR", exists=True, dir_okay=False, help="The recorded traffic.")
]


@takes(**MATCHING, output=option(Path | None, "File to write, by default standard output.", "--output", "-o"))
def overrides(har: Har, *, output: Path | None, match_header: list[str], match_body: list[str]) -> None:
    """Write the traffic in a HAR file as overrides of a mock.

    The mock then responds to the same requests as recorded. Secrets are masked. A recording of
    proxy --record is such a file already.

    Exit codes: 0 written, 2 the file is no HAR, or the output cannot be written.
    """
    try:
        rules = recorded_rules(har, Matching(match_header, match_body))
        if rules is None:
            raise failure(f"{har} is no HAR: expected a JSON object with a member 'log'.")
        content = Masking().body(as_file(rules))
        if output is None:
            typer.echo(content, nl=False)
        else:
            output.write_bytes(content)
    except (RuleFileError, OSError) as error:
        raise failure(error) from None
