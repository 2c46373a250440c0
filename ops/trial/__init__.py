"""Tries a whole installation: one message through its Chatwoot, its door and its worker (`trigger`)."""
