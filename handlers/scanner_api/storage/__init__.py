"""State of the service: knows the SQL database and the photo bucket, and neither requests nor jobs."""
