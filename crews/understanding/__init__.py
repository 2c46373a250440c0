"""Meaning of a message: it wants a person, vents anger, thanks, says goodbye, or is about a tenant's topic.

A language is a file of example sentences (`examples/`). `python -m crews.understanding.train` makes heads of them, and
a report of what they get right among sentences that they were not made of.
"""
