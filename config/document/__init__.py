"""YAML text to a tree in which every key and value has its place, and problems that name it. Knows nothing of us."""
