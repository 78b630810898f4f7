"""Watching somebody else's training: hooks, what they capture, and the host that shows it."""
