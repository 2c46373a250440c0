"""Which way a question is answered: written answers, caches, or a crew, as the time allows. `draft` is the face."""
