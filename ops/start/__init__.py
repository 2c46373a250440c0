"""Writes a configuration folder to begin with, for `chatwootai init`."""
