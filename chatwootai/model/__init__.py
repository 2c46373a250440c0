"""Words and decisions, pure: what a support lead could argue about. No I/O, no clock, no randomness, no third party."""
