"""The app: its keys and commands, its engine, and its terminal."""
