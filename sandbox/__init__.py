"""Stand-ins with a face: a Chatwoot, an LLM, the system around them. Never imported by the rooms above."""
