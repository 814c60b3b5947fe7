"""What responses show of items: their pages, members and links; knows values, no bound operations."""
