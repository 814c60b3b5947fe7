"""TODO packages/contract-first/src/contract_first/mock/s3."""
