"""Numbers to strips of characters: pure functions, without an app and without torch."""
