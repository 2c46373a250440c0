"""Values that a turn is made of: delivery, question, draft, outbox, priority, route. Pure."""
