"""Runs verbs on the Redis servers that they concern, where an installation has several."""
