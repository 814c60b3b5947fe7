"""Code that commands write from a contract: projects, handlers and their tests; it serves none of it."""
