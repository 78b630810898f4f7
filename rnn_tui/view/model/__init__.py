"""What is looked at, and how: the state of the view, without a widget."""
