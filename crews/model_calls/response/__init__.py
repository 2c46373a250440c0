"""What model endpoints answer, read as it comes: bytes to events to one message, and what errors mean. No I/O here."""
