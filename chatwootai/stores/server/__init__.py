"""The Redis server: its address, the connection, how scripts reach it, and what its errors mean."""
