"""Stores of accounts: knows organizations, users, keys and shared secrets, and nothing of scans."""
