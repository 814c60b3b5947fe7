"""Uploaded photos: knows their headers and object keys, and neither pixels nor the bucket."""
