"""The rules of the Scanner, free of HTTP and SQL."""
