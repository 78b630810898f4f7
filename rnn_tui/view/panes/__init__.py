"""A module for each pane: which part of a frame it draws, its title, and what is under the mouse."""
