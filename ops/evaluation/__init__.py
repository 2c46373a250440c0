"""Rehearses sets of cases: runs whole turns with the outside recorded, judges them, and closes or opens the gate."""
