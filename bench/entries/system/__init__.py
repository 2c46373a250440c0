"""Entries of the whole way, with real processes: from a webhook to the reply, idle, loaded, attacked or full."""
