"""Verbs that look at what runs, and put it right."""
