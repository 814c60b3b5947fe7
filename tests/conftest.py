"""How Hypothesis runs, everywhere."""

from __future__ import annotations

from hypothesis import settings

# a deadline is a timing assertion: it fails on a busy machine, and says nothing of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
