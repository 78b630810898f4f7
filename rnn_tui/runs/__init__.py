"""Runs on the disk: their folders, their manifests and their losses. No torch."""
