"""Runs on the disk: their folders, their manifests, their losses, and what scripts print. No torch."""
