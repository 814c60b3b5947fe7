"""One run of checks: what it is given, whether it can be made, how it goes on, what it records."""
