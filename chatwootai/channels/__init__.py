"""What each medium can carry, pure. One file a channel; text in, channel-sized text out."""
