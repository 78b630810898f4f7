"""Looking inside a network: one module for each pane that asks. Computed for the frames that show it, and no others."""
