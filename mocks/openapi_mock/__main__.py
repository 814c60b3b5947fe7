"""``contract-first``, and ``python -m openapi_mock``."""

from openapi_contract.imports import run_command_line


def main() -> None:
    """Run the command line."""
    run_command_line("openapi_mock.cli")


if __name__ == "__main__":
    main()
