"""Values of handlers as the bytes of responses, validated; it knows no request's body."""
