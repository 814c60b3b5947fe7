"""petstore."""
