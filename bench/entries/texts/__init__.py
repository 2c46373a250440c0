"""Entries of reading texts: what is understood and found in them, and how long the loop is held."""
