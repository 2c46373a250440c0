"""State of model calls that all workers share: answers kept, money spent, limits, breakers, turns taken."""
