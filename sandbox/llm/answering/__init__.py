"""Answers to a prompt: found in the prompt itself, nothing invented. Pure."""
