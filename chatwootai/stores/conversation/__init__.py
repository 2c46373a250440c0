"""A conversation in Redis: mailbox, turns, outbox and context. The door writes one side, turns the other."""
