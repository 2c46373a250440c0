"""A configuration version on trial: whose turns it serves, how both sides compare, when it goes. Pure."""
