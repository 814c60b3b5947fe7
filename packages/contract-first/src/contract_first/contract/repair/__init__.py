"""What is wrong in a document, repaired or left out and listed; it makes no contract of it."""
