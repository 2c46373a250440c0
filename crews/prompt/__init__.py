"""Words to the model and back: instructions, conversation, templates, marks. Pure."""
