"""CrewAI's own way of running a crew, in threads: for what our runner does not do."""
