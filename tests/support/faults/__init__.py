"""Scenes of the tests in `tests/faults`: a project, its server, and what goes wrong."""
