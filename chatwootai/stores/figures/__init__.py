"""Index of the turns that ended, newest first, and the figures of each day. Never message text."""
