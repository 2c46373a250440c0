"""An OpenAI-compatible server: it answers from its prompt, at a real model's pace, and fails on demand.

Lives here: the wire, the pace, the faults, the answers. Not here: anything of
Chatwoot, and no import of crewai or openai.
"""
