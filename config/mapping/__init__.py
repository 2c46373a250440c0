"""The mapping of Chatwoot's accounts: who is served, and what each account's folder may name."""
