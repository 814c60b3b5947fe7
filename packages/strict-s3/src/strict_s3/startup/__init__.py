"""What comes before the first request: options from variables, and scripts that prepare buckets."""
