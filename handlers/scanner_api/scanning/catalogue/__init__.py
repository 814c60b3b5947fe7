"""Products and freshness rules in files: knows their columns, and not where they are stored."""
