"""Words and decisions, pure. What a support lead could argue about lives here; no I/O, no clock, no randomness, no third party."""
