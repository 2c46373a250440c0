"""What `chatwootai jobs` and `replay` show and do."""
