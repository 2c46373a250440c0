"""Stand-ins with a face: a Chatwoot and an LLM to talk to, traffic, the bench. Never imported by the rooms above."""
