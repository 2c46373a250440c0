"""Logs, metrics and the clock of a turn's steps. Never message text or secrets at info."""
