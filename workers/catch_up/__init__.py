"""Customers whose webhooks never arrived: found in Chatwoot, by one worker at a time."""
