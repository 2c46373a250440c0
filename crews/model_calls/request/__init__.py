"""How model endpoints are asked: what each takes, learned from what it refuses. No I/O here."""
