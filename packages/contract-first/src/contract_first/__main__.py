"""``contract-first``, and ``python -m contract_first``."""

from .imports import run_command_line


def main() -> None:
    """Run the command line."""
    run_command_line("contract_first.cli.tree")


if __name__ == "__main__":
    main()
