"""What all processes of an installation share: configurations, refused tokens, who catches up."""
