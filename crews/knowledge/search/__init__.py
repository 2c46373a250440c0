"""From a question to passages: words and vectors scored side by side, mixed by weights, offered above a floor."""
