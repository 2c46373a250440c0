"""Plans `chatwootai connect`, and puts secrets where they are to lie."""
