"""From a document's text to passages: along headings, paragraphs and sentences, tables as rows."""
