"""{{ cookiecutter.__project_name_quoted }}."""
