"""The clock, chance, files and the lock around what a mock holds; it knows no contract."""
