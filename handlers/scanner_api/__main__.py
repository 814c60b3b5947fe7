"""``scanner-api``, and ``python -m scanner_api``."""

from contract_first.imports import run_command_line


def main() -> None:
    """Run the command line."""
    run_command_line("scanner_api.cli")


if __name__ == "__main__":
    main()
