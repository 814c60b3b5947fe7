"""TODO packages/contract-first/src/contract_first/cli/project."""
