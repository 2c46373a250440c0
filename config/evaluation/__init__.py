"""Rehearsals: cases beside a tenant's settings, what must pass before a publish, and leave to capture."""
