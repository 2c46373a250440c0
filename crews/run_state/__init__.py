"""One run of a crew: its context, its tool calls and their results."""
