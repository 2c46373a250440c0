"""All that is kept of one contact: found in every kind of key, exported, and erased for good."""
