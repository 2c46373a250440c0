"""Verbs that connect an installation to Chatwoot, and keep its secrets."""
