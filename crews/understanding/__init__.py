"""What a message wants, told by its meaning: a person, or to let off anger, to thank, to say goodbye, a tenant's topic.

A language is a file of example sentences (`examples/`). `python -m crews.understanding.train` makes heads of them, and
a report of what they get right among sentences that they were not made of.
"""
