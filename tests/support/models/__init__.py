"""Models and migrations that owners write."""
