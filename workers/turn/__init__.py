"""Steps 5 to 9 of a message's way: one burst with its context, drafted and decided. Nothing is posted here."""
