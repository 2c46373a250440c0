"""An account moves to another shard: all that is kept of it is copied, and then forgotten where it was."""
