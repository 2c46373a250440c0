"""Attachments of contacts: fetched, read or transcribed within bounds, before the turn."""
