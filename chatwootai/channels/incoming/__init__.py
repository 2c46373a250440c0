"""Chatwoot's webhooks read: a message that needs an answer, a signal to a running turn, or nothing. Pure."""
