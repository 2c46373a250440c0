"""All that is in Redis. Keys are listed in keys.py, every script is a .lua file; only this package imports redis."""
