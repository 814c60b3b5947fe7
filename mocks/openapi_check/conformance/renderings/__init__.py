"""A report, as people and as machines read it: one module a form."""
