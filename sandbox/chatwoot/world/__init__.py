"""The world of a Chatwoot: records, conversations, messages, payloads, and what happens to them. No HTTP here."""
