"""The bench: figures as ratios against the plain way, both measured in the same run, taking turns.

One file an entry, in `entries/`: its docstring says what it measures, `run()` returns its figures; it may ask for
`peers` to measure beside and for someone to `say` how far it is. Load comes from a process of its own.
"""
