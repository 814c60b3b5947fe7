"""Background work: knows the queue and the steps of captures and extractions, and serves no requests."""
