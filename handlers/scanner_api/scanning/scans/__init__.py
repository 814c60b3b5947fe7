"""Sessions, captures and proposals: knows their states and transitions, and not who stores them."""
