"""Indexes that outgrow a worker's memory: vectors in pgvector, postings and passages in tables beside them."""
