"""Room in a Redis that fills up: what goes before a message is refused."""
