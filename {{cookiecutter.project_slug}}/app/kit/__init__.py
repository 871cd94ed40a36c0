"""The part that updates of the template replace: edit the files beside this folder instead."""

TEMPLATE_VERSION = "{{ cookiecutter._version }}"
