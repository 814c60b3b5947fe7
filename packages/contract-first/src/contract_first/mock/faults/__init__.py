"""Simulated failures of the API and of S3: which requests they apply to, how often, and what happens."""
