"""Step 10 of a message's way: what was decided reaches Chatwoot, once, unless people own the conversation."""
