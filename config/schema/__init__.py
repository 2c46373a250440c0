"""What types of configuration are made of, and a crew's keys; what pydantic finds, in an operator's words."""
