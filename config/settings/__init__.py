"""Everything that a tenant may set, in types: every key has a default, a unit and a description."""
