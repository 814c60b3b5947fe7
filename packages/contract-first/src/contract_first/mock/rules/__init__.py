"""Rules: which requests they apply to, how often, and what happens; of them are faults, and overrides."""
