"""The journal of a mock: exchanges with the API and with S3, and what the contract says of them."""
