"""What turns come to: an index of those that ended, newest first, and the figures of each day. Never message text."""
