"""Tries what would be answered: without a conversation (`ask`), or through a whole installation (`trigger`)."""
