"""What must not be seen: values that may be used and never shown, references, encryption, secrets written out."""
