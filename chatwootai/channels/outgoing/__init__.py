"""An answer in Markdown made into what a channel can carry: parts, choices, the message it replies to. Pure."""
