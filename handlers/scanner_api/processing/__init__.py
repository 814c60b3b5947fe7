"""What goes on in the background: the queue, the steps of captures, extraction from photos, and the sweep."""
