"""HTTP/1.1 on connections, with limits on all that a client may use up; it knows no contract."""
