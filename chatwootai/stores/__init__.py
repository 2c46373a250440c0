"""All that is in Redis. Keys are listed in keys.py, every script is a .lua file; nothing outside this package imports redis."""
