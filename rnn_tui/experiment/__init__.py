"""The description of a run, and all that follows from it alone: settings, lessons, files, command lines."""
