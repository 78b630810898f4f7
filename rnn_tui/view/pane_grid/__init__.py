"""Which panes are on the screen, and what they need from the engine."""
