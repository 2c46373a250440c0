"""Shows a crew for `chatwootai crew`: its plan and its prompt."""
