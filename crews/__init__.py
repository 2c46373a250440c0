"""The minds. Crew YAML to a CrewAI crew to a typed draft. The only importer of crewai and openai."""
