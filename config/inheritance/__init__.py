"""`_base`, domain, tenant, inbox: each says only what differs."""
