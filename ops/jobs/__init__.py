"""Shows and does what `chatwootai jobs` and `replay` are asked for."""
