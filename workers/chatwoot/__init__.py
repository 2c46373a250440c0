"""Chatwoot's API as a client: what may be called with which token, what is asked again, and what each answer means."""
