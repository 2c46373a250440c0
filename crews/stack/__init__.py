"""What a model call goes through, one wrapper a file around one method; `assembly.py` puts them together."""
