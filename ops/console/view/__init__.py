"""Templates, texts, style sheets and scripts, and how a page is made of them."""
