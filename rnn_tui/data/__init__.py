"""Texts, pairs and series: how they are read and cut into batches. No torch, no terminal."""
