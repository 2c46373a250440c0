"""The rulebook. What an operator may say, in types, with the YAML that ships beside it."""
