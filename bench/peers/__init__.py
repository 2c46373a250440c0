"""Others that do what a room of ours does, each in a process of its own and in an environment that is not ours.

They are no dependencies: `make peers` installs them where only the bench looks. What is here imports the standard
library, uvloop and one peer, prints one JSON object, and is run by `bench.beside`.
"""
