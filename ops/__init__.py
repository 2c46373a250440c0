"""The control room, never on a message's path: the command line, checks, deployment."""
