"""The state of the view, without a widget: the run, how it is looked at, the keys, the themes."""
