"""What a mock remembers: the items of collections that are recognised in its contract."""
