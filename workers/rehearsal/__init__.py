"""Rehearsals: a message answered as a turn would, and nothing of it posted, counted, kept or changed."""
