"""The photo bucket of the mock, with the credentials of the seeds; imports boto3."""
