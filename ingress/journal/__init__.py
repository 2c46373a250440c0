"""Accepted deliveries on disk while Redis is away: the file, its format, and the way back into Redis."""
