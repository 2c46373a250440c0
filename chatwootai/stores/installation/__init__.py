"""State that all processes of an installation share: configurations, refused tokens, the lock of catching up."""
