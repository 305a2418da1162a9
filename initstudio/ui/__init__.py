"""The window: the only room with Qt. It shows values and replaces them; it never computes."""
