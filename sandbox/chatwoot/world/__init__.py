"""What a Chatwoot knows and what happens in it: records, conversations, messages, payloads. No HTTP here."""
