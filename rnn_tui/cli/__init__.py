"""The command line: each command is read here, and imports what it needs when it runs."""
