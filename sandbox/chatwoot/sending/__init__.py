"""Sending: webhooks to bots, messages to a channel's provider, and a journal of both."""
