"""A document as text, nodes and pointers; it does not know what a schema means."""
