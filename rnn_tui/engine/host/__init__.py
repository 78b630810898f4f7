"""The engine's process: the socket, who is there, the pace, and which frame is sent when."""
