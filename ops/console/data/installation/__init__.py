"""Reads of what an installation is made of: configuration, knowledge, money, connections, the people who enter."""
