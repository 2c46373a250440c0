"""Versions of the configuration: which process serves which, and how one is put in force."""
