"""Ways of answering a question: written answers, caches, or a crew, as the time allows. `draft` is the face."""
