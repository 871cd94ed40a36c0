"""Answers that are to change, as words of the command line: `driver=asyncmy`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .refusal import Refusal

# What the template language would run when the project is rendered.
_TAG = re.compile(r"[{][{%#]|[}%#][}]")


def parse(words: Iterable[str], questions: Mapping[str, Any]) -> dict[str, str]:
    """Return what `words` answer to `questions`, those of cookiecutter.json.

    Raises Refusal for a word that is no answer to one of them.
    """
    answers: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise Refusal(f"'{word}' is not an answer: write NAME=VALUE, as in driver=psycopg.")
        if name not in questions or name.startswith("_"):
            asked = ", ".join(public(questions))
            raise Refusal(f"'{name}' is not asked by the template; take one of {asked}.")
        if found := _TAG.search(value):
            raise Refusal(
                f"{name} '{value}' holds '{found[0]}', a mark of the template language: remove it, "
                "or put a space between its two characters."
            )
        answers[name] = value
    return answers


def carried_over(
    recorded: Mapping[str, Any], changes: Mapping[str, str], questions: Mapping[str, Any]
) -> dict[str, str]:
    """Return the recorded answers with the `changes`, for a version that asks `questions`.

    Raises Refusal for a choice that this version does not have.
    """
    answers = {name: str(recorded[name]) for name in public(questions) if name in recorded}
    answers.update(changes)
    for name, value in answers.items():
        choices = questions[name]
        if isinstance(choices, list) and value not in choices:
            known = ", ".join(choices)
            if name in changes:
                raise Refusal(f"{name} '{value}' is not a choice; take one of {known}.")
            raise Refusal(
                f"{name} is '{value}', which this version of the template does not have: add "
                f"{name}=VALUE to the command, with one of {known}."
            )
    return answers


def lost(recorded: Mapping[str, Any], questions: Mapping[str, Any]) -> list[str]:
    """Return the recorded answers that a version does not ask for any more."""
    return [f"{name}={recorded[name]}" for name in public(recorded) if name not in questions]


def public(names: Iterable[str]) -> list[str]:
    """Return those of the names that are questions, and not tables of the template."""
    return [name for name in names if not name.startswith("_")]
