"""A reverse proxy that watches traffic keep or break the contract."""
