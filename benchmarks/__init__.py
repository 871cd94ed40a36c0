"""What a project costs, measured against a floor and against the usual template."""
