"""What a model may call: our own tools, declared requests, servers of the Model Context Protocol."""
