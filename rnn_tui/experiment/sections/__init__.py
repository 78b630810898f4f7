"""The four sections of an experiment: every setting, declared once."""
