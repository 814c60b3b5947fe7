"""Checks of OpenAPI contracts: recorded exchanges, deployments and apps; their reports."""
