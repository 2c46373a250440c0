"""What `chatwootai connect` plans, and where it puts secrets."""
