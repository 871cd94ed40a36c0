"""Programs that run in a project's own environment and print what they measured."""
