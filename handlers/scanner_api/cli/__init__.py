"""The command line, ``scanner-api``: one module a command.

Commands of other packages join through the entry point group ``scanner_api.commands``; each is a function
that takes the Typer app and adds itself, so that the service needs to know of none.
"""

from __future__ import annotations

from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from .contract import app as contract
from .freshness import app as freshness
from .keys import app as keys
from .products import app as products
from .serve import serve
from .worker import worker

app = typer.Typer(
    name="scanner-api",
    help="The Closient Scanner API on your own machine: the service, a mock of it, and a demonstration.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 -- as typer calls it
    if wanted:
        typer.echo(version("scanner-api"))
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options of all commands."""


app.command("serve")(serve)
app.command("worker")(worker)
app.add_typer(keys, name="keys")
app.add_typer(products, name="products")
app.add_typer(freshness, name="freshness")
app.add_typer(contract, name="contract")
for command in entry_points(group="scanner_api.commands"):
    command.load()(app)
