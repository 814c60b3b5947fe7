"""How the schema came to be, step by step; Alembic runs what a database still lacks."""

HEAD = "0005"
"""The newest revision. A database that has it needs no Alembic, whose import would slow the start."""
