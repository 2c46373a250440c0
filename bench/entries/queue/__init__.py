"""Entries of the queue and its worker: how soon a job begins, beside others, behind others, after a worker's death."""
