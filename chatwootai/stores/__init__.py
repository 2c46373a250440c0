"""All that is in Redis: key_list.py lists it, every script is a .lua file; only this package imports redis."""
