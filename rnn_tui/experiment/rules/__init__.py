"""What makes the sections of an experiment fit together: each rule names the setting to blame, and what is right."""
