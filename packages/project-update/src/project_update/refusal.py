"""The error that ends the tool with one sentence."""


class Refusal(Exception):  # noqa: N818  what it says is not an error of the tool
    """What was wrong, with which value, and what to do: for the person who runs the tool."""
