"""Requests, responses, errors and XML as S3 has them: what everything else is made of."""
