"""Requests to model endpoints: the parameters that each takes, learned from refusals. No I/O here."""
