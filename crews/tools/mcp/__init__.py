"""Servers of the Model Context Protocol: how they are reached, kept open, and asked. The only importer of `mcp`."""
