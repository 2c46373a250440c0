"""What operators read and do: what waits, one conversation's life, dead letters, answers anew."""
