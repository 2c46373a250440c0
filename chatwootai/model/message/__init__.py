"""What a turn is made of, as values: delivery, question, draft, outbox, priority, route. Pure."""
