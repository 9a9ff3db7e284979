"""Floor 4: the view of a session, in Textual."""
