"""A tenant's knowledge, found for a question: sources read, cut into passages, indexed, searched.

A version of an account's knowledge is built beside the one in force and switched whole. Nothing here is imported by
the door, and nothing of one account is ever looked up for another.
"""
