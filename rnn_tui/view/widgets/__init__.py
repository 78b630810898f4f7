"""The pieces of the screen that are not panes."""
