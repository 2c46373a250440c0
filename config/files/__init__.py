"""The bytes of a folder: as read once, and as shipped through Redis."""
