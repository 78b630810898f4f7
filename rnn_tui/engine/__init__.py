"""The engine: the only place that imports torch. It trains, and answers looks; it knows nothing of screens."""
