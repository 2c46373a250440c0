"""Traces: the spans of a turn, made from its record after it has ended, and sent by OTLP over HTTP. Off by default."""
