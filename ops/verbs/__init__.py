"""The verbs of the command line: a room for each group of the help, a file for each verb, found by its name."""
