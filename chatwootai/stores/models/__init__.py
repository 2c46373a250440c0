"""What all workers know of model calls: answers kept, money spent, limits, breakers, turns taken."""
