# Invisible characters: controls, spaces, joiners, direction marks, variation selectors, fillers.
# Listed, since \s is another set in the regular expressions of Rust (pydantic), Python (msgspec)
# and JavaScript (OpenAPI).
INVISIBLE = (
    r"\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
# One visible character at least, and no NUL, which PostgreSQL can't store.
TEXT = rf"^[{INVISIBLE}]*[^\x00{INVISIBLE}][^\x00]*$"
# What ExactDecimal(12, 2) holds, if it is not negative: each amount is one text.
MONEY = r"^(0|[1-9][0-9]{0,9})\.[0-9]{2}$"
EMAIL = rf"^[^@\x00{INVISIBLE}]+@[^@\x00{INVISIBLE}]+$"
