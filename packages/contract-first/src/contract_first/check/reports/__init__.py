"""A report and its renderings; it runs and validates nothing."""
