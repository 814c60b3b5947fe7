"""HTTP/1.1 on sockets, with all limits; it knows no buckets."""
