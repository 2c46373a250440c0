"""Ways to log in, sessions, and the rights of each route."""
