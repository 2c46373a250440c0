"""One file a channel: what the medium can carry. A new channel is a new file."""
