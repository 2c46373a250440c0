"""Matching of two questions that may have one answer: near by meaning, and nothing that counts differs."""
