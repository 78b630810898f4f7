"""The view: Textual. It draws frames and sends commands; it never imports torch."""
