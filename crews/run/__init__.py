"""What one run of a crew knows and has done: its context, its tool calls and their results."""
