"""From Markdown to parts: parse to a small tree, lay out as atoms, write as Markdown again, split. Pure."""
