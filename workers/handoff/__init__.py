"""Between us and people: what is given to them, what they ask of us, and contacts who fall silent."""
