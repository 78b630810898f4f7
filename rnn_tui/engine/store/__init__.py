"""Runs on the disk, with torch: checkpoints, resuming, export."""
