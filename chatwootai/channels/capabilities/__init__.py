"""The words in which a channel describes itself, and how it counts a text's length."""
