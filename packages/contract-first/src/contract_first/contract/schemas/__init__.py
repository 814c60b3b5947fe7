"""TODO packages/contract-first/src/contract_first/contract/schemas."""
