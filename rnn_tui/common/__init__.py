"""What every room may use: glyphs for text from outside, whole files, words, the base of values."""
