"""Chatwoot's REST API, as far as an agent, its set-up and a catch-up sweep call it: one file per resource."""
