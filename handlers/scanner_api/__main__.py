"""``scanner-api``, and ``python -m scanner_api``."""

from __future__ import annotations

import signal

from openapi_contract.imports import resting_collector


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, also while it is still being imported."""
    try:
        with resting_collector(own_process=True):
            from .cli import app  # noqa: PLC0415 -- what takes long is what is interrupted

        app()
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


if __name__ == "__main__":
    main()
