"""Which panes are on the screen, and what they need of the engine."""
