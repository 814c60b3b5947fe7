"""The tables and their migrations: knows every column, and neither pools nor stores."""
