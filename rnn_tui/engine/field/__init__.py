"""Many networks that learn at once: those of one shape as one batch, each with the numbers of its single run."""
