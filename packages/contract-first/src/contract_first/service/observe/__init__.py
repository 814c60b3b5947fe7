"""Metrics, spans and logs of requests that have ended; it changes none of them."""
