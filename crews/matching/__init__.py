"""Whether two questions may have one answer: near to each other by meaning, and nothing that counts differs."""
