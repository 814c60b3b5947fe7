"""Connections to SQLite and PostgreSQL: knows engines, pools, transactions and errors, and no table."""
