"""From sources to a version of an account's knowledge: what changed is cut and encoded, the rest is taken over."""
