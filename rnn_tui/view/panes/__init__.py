"""One file a pane: which part of a frame it draws, its title, and what stands under the mouse."""
