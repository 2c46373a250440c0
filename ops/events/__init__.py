"""Writes down what operators do, and shows what all processes say."""
