"""A worker's process: arq's settings, what the environment says, opening and closing, the loop that claims jobs."""
