"""What a model call goes through, one wrapper a file around one method, and what the wrappers share."""
