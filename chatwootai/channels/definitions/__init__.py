"""One file a channel: what it can carry. A new channel is a new file."""
