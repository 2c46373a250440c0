"""An index of passages as arrays: terms and their postings, vectors, and the bytes that both are kept as."""
