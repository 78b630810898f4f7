"""Textual's driver and compositor for slow links and few colours."""
