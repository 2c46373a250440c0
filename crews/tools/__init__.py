"""Tools that a model may call: our own, declared requests, servers of the Model Context Protocol."""
