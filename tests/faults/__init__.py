"""Real processes, killed, frozen and starved; each scenario counts what was lost, doubled, out of order or stuck."""
