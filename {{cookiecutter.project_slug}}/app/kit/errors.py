"""Errors of the domain, which become answers to clients: the message is a sentence for them."""


class DomainError(Exception):
    """What is asked for can't be; a subclass says which answer that is."""


class NotFoundError(DomainError):
    """There is no row with this id (404)."""

    def __init__(self, kind: str, id_: int) -> None:
        super().__init__(f"There is no {kind} {id_}.")


class InvalidError(DomainError):
    """A value is wrong, as only a query can tell (422)."""


class ConflictError(DomainError):
    """It conflicts with data that are there already (409)."""
