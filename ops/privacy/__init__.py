"""Export and erasure of a contact: the stores, files on this machine, and Chatwoot where a token may."""
