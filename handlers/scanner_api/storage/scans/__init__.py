"""Stores of sessions: knows their captures, photos and proposals, and not how they are processed."""
