"""TODO packages/contract-first/src/contract_first/service/request."""
