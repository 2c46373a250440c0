"""Accounts on their shards: where each lives, and how one moves to another."""
