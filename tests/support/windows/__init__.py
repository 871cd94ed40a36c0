"""Rendered projects on a simulated Windows and on a real Python for Windows."""
