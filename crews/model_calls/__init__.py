"""A model call and what it goes through: `assembly.py` puts the wrappers in order around one endpoint."""
