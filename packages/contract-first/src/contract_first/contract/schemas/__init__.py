"""What schemas mean: their parts, merged, in words and compiled; it knows no operations."""
