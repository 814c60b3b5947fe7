"""``scanner-api serve``: the service, for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .settings_flags import with_settings

if TYPE_CHECKING:
    from scanner_api.settings import Settings


def _serve(settings: Settings) -> None:
    """Serve the Scanner API with real keys, a real database and a real bucket.

    Settings come from flags, from SCANNER_* environment variables and from a TOML file, in this order.
    AWS credentials come from boto3's usual chain (environment, profile, role, instance metadata).

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong settings.
    """
    import uvloop  # noqa: PLC0415 -- help and other commands do without

    from openapi_service.server import listen, serve, url_of  # noqa: PLC0415 -- the same
    from scanner_api.app import START_ERRORS, create_app  # noqa: PLC0415 -- the same

    try:
        app = create_app(settings)
        with listen(settings.host, settings.port) as listening:
            ready = f"Scanner API {app.contract.version} on {url_of(listening)} (explorer: /docs)"
            uvloop.run(serve(app, listening, lambda: typer.echo(ready), log_level=settings.log_level))
    except START_ERRORS as error:
        typer.echo(f"Cannot start: {error}", err=True)
        raise typer.Exit(1) from None


serve = with_settings(_serve)
