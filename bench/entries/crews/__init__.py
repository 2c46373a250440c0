"""Entries of crews and model calls, against the bare calls."""
