"""The training loop and what belongs to it: losses, optimisers, batches, states to go back to."""
