"""Error messages of MySQL and MariaDB, without the values that they quote."""

# {% if cookiecutter.driver == "asyncmy" %}
import logging
# {% endif %}
import re

SETTINGS = {
    1040: "DB_POOL_SIZE",
    1203: "DB_POOL_SIZE",
    1205: "DB_LOCK_TIMEOUT",
    1969: "DB_STATEMENT_TIMEOUT",
    3024: "DB_STATEMENT_TIMEOUT",
}
"""The setting to look at, by the error's code."""
LITERAL = re.compile(r"'(?:\\.|''|[^'\\])*'|\"(?:\\.|\"\"|[^\"\\])*\"", re.DOTALL)
"""A string literal in a statement."""

SYNTAX_ERROR = 1064
# Errors that quote only names of the schema. All others may quote values.
NAMING = {
    *(1007, 1008, 1044, 1045, 1046, 1048, 1049, 1050, 1051, 1052, 1054, 1055, 1059, 1060, 1061),
    *(1066, 1068, 1071, 1072, 1075, 1091, 1101, 1103, 1109, 1110, 1136, 1140, 1142, 1143, 1146),
    *(1170, 1171, 1176, 1205, 1213, 1216, 1217, 1222, 1235, 1241, 1242, 1248, 1264, 1265, 1304),
    *(1305, 1318, 1356, 1364, 1406, 1451, 1452, 1553, 1698, 1701, 3780, 3819, 4025),
}
_VALUE = re.compile(r"'.*'(?= for (?:key|column|function) )", re.DOTALL)
_QUOTED = re.compile(r"(?<!\w)['\"`].*['\"`]", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\w.:+-]*")
# A syntax error quotes the rest of the statement, with the values that the driver put into it.
_NEAR = re.compile(r"(near ')([^'\"\d]*).*'( at line \d+)", re.DOTALL)


def message_of(error: BaseException) -> str:
    """Return the message of `error`, which is the driver's."""
    return str(error.args[-1] if error.args else error)


def redact(error: BaseException) -> None:
    """Remove the values that `error`, which is the driver's, quotes."""
    if len(error.args) > 1 and isinstance(error.args[1], str):
        code, message, *rest = error.args
        error.args = (code, _redacted(code, message), *rest)


def _redacted(code: object, message: str) -> str:
    if code == SYNTAX_ERROR:
        return _NEAR.sub(r"\1\2…'\3", message)
    if code in NAMING:
        return message
    hidden, found = _VALUE.subn("…", message)
    return _NUMBER.sub("…", hidden if found else _QUOTED.sub("…", message))
# {% if cookiecutter.driver == "asyncmy" %}


def _redact_warning(record: logging.LogRecord) -> bool:
    record.msg, record.args = _redacted(None, record.getMessage()), None
    return True


# asyncmy logs the server's warnings with their values.
logging.getLogger("asyncmy").addFilter(_redact_warning)
# {% endif %}
