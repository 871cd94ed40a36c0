"""Programs that a rendered project's own Python runs, in the project's environment."""
