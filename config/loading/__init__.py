"""One load and one verdict: from a folder to accounts, or to every problem in it."""
