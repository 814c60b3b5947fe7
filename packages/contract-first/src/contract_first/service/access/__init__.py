"""Who may call, and from which pages; what a call is about, it does not know."""
