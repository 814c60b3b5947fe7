"""What a response takes over from its request; knows values and the vocabulary, no bound operations."""
