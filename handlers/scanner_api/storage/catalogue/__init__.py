"""Stores of products: knows the catalogue and what organizations change in it, and nothing of scans."""
