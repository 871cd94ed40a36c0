"""Updates of a project to another version of its template, or to other answers."""
