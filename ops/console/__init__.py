"""Pages for the people who answer for the installation: a process of its own, never on a message's path."""
