"""`python -m app invoices`: the invoices that are there."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from decimal import Decimal

from pydantic import ValidationError

from app.invoices.model import Line
from app.invoices.queries import create_invoice
from app.invoices.schemas import InvoiceCreate
from app.kit.commands.command_error import CommandError
from app.kit.commands.command_line import group
from app.kit.commands.sessions import open_sessions
from app.kit.commands.settings import load_settings
from app.kit.schemas import first_mistake
from app.settings import Settings

commands = group("The invoices that are there.")


@commands.command("add")
def _add(number: str, text: str, amount: str) -> None:
    """Add an invoice of one line."""
    run(add(load_settings(Settings), number=number, text=text, amount=amount))


async def add(settings: Settings, *, number: str, text: str, amount: str) -> None:
    """Add an invoice; raises CommandError if it can't be."""
    fields = {"number": number, "lines": [{"text": text, "amount": amount}]}
    try:
        new = InvoiceCreate.model_validate(fields)
    except ValidationError as error:
        raise CommandError(f"This is no invoice: {first_mistake(error)}.") from None
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in new.lines]
    async with open_sessions(settings) as sessions, sessions.write.begin() as session:
        await create_invoice(session, number=new.number, status=new.status, lines=lines)
    print(f"Invoice {number} is added.")
