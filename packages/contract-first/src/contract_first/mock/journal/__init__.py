"""The journal of a mock: exchanges with the API and with S3, and their violations."""
