"""Lists of items as requests ask for them: selected, bounded, sorted, and a page at a time."""
