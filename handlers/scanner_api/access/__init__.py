"""Authentication, rate limits, and what a caller may act on."""
