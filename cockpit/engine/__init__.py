"""Floor 3: a running incident with no screen. It imports no Textual."""
