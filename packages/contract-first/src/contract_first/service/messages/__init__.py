"""A request, a response and a problem, and the trace they belong to; it knows no connection."""
