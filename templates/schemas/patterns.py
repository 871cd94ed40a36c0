# What nobody sees: controls, spaces, and what joins, turns, selects or fills. Spelled out, since
# \s means another set in each of the regular expressions of Rust (pydantic's), Python (msgspec's)
# and JavaScript (OpenAPI's).
UNSEEN = (
    r"\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
# Something that is seen, and no NUL, which PostgreSQL can't store; the rest is stored as it is.
TEXT = rf"^[{UNSEEN}]*[^\x00{UNSEEN}][^\x00]*$"
EMAIL = rf"^[^@\x00{UNSEEN}]+@[^@\x00{UNSEEN}]+$"
