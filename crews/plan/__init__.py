"""Plans of crews, made before anybody waits: shapes, calls, seconds, money. Starts nothing."""
