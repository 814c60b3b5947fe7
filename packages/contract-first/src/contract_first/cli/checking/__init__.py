"""Commands that validate responses: a run of checks, and a proxy; and the configuration of a project."""
