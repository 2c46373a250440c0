"""Runs one case: a worker's own steps on a stage where the model, the tools, Chatwoot and the clock are recorded."""
