"""Keeps values from being seen: secrets that are used and never shown, references, encryption, secrets written out."""
