"""What is around a handler: collaborators, and hooks."""
