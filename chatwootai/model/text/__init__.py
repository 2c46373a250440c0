"""Reads a text by words and tables: language, anger, promises, marks. Knows no turn. Pure."""
