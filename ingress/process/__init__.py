"""The process as its operator meets it: what its environment says, and how it ends."""
