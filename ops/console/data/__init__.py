"""Reads and actions behind the pages, as data; bounded in time and in rows."""
