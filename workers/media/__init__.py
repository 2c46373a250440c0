"""What a contact sent beside words: fetched, read or heard within bounds, before the turn."""
