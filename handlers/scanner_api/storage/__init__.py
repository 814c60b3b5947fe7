"""What is kept: the SQL database and the photo bucket."""
