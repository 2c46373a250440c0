"""What `chatwootai crew` shows of a crew: its plan and its prompt."""
