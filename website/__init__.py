"""The site: this repository's documents, and the projects that it renders to."""
