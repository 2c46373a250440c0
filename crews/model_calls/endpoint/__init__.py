"""HTTP to a model endpoint: one client for each, one pool of connections for all, one exchange for a call."""
