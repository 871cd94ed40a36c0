"""The file `.env`, read without variable expansion."""

import codecs
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic_settings import DotEnvSettingsSource, SettingsError

ENV_FILE = Path(__file__).resolve().parents[2] / ".env"
"""The project's file, whatever the working directory is."""

_NAME = re.compile(r"[\w.-]+")


class EnvFile(DotEnvSettingsSource):
    """Reads `.env` as UTF-8, or as the UTF-16 that PowerShell writes.

    It does not expand ${NAME}: a password may contain that.
    """

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values: dict[str, str | None] = {}
        for line in parse_stream(StringIO(_text_of(file_path))):
            if line.error or not _NAME.fullmatch(line.key or "NONE"):
                raise SettingsError(
                    f"{file_path} has a line {line.original.line} that is not NAME=VALUE, or whose "
                    "quotes do not end"
                )
            if line.key:
                values[line.key.lower()] = line.value
        return values


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path} can't be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path} is not UTF-8 in line {line}: save it as UTF-8") from None
    if "\0" in text:
        raise SettingsError(f"{path} is UTF-16 without a mark that says so: save it as UTF-8")
    return text
