"""Reads and actions of operators: the queue, one conversation's history, dead letters, messages answered again."""
