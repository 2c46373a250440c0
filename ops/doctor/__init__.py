"""Examines an installation from the outside: models, Chatwoot, its way to our door, Redis."""
