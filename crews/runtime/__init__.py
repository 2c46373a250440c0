"""CrewAI's agents and tasks, run on our event loop. Imports crewai, as `stock` and `tools` do."""
