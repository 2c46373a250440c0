"""Decides about an answer: reply, handoff or silence, what must not be read, what people are told. Pure."""
