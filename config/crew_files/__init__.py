"""Crew YAML in layers, each laid on the one above, checked once."""
