"""Personal data in texts: found by its shape and its check digits, and replaced by surrogates of the same shape."""
