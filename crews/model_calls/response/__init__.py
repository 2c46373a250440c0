"""Answers of model endpoints, read as they come: bytes to events to one message, and errors to causes. No I/O here."""
