"""Handlers of the routes: one file a page, each with its JSON."""
