"""A reverse proxy that validates the traffic through it."""
