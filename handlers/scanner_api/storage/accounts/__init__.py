"""Stores of those who call: knows organizations, keys and their requests, and nothing of scans."""
