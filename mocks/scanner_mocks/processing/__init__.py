"""The processing of captures under control, and raw values that end in each state."""
