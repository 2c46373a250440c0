"""What a crew takes, known before anybody waits: shapes, calls, seconds, money. Starts nothing."""
