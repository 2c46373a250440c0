"""Pages of what an installation is made of: configuration, knowledge, cost, connections, access."""
