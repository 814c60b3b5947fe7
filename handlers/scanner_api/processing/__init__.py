"""Background processing: the queue, the steps of captures, extraction from photos, and the sweep."""
