# White space and control characters, spelled out: \s means another set in each of the regular
# expressions of Rust (pydantic's), Python (msgspec's) and JavaScript (OpenAPI's).
BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
# At least one visible character, and no NUL, which PostgreSQL can't store.
NOT_BLANK = rf"^[^\x00]*[^{BLANK}][^\x00]*$"
EMAIL = rf"^[^@{BLANK}]+@[^@{BLANK}]+$"
