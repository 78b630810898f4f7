"""Everything that an engine and its clients say to each other, as values and as bytes."""
