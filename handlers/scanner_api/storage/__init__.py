"""Storage: the SQL database and the photo bucket."""
