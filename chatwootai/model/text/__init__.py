"""What a text says or sounds like, by words and tables: language, anger, promises, marks. Knows no turn. Pure."""
