"""Texts as vectors: what an encoder is, the one that comes with the project, a remote one, and what is kept of both.

Nothing here is imported by the door. Nothing here runs a model on the event loop.
"""
