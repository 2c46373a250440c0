"""Verbs that check and show what is written, and what follows from it."""
