"""Wrappers of a model call, one a file around one method, and what the wrappers share."""
