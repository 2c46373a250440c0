"""Capabilities and texts of each medium, pure. One file a channel; text in, channel-sized text out."""
