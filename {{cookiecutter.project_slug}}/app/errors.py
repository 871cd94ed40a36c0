"""Errors of the domain."""


class NotFoundError(LookupError):
    """There is no row with this id; the message says so in a sentence."""

    def __init__(self, kind: str, id_: int) -> None:
        super().__init__(f"There is no {kind} {id_}.")
