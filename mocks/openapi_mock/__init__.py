"""A mock server for any OpenAPI contract: responses, journal, faults, control API, console, proxy."""
