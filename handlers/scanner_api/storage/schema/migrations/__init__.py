"""How the schema came to be, step by step; Alembic runs what a database still lacks."""

HEAD = "0011"
"""The newest revision. A database that has it needs no Alembic, whose import would slow the start."""

BASELINE = "0010"
"""The revision of version 0.3, the oldest from which a database can be upgraded."""

LEAST = BASELINE
"""The oldest revision whose version can use a schema of the newest.

A step that only adds leaves it as it is, so that processes of the version before can go on, and start again,
while they are replaced; any other step sets it to its own revision.
"""
