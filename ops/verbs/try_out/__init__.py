"""Verbs that try the system, or a part of it, without a customer."""
