# {% include "parts/browser_constants.py" %}


class BrowserRules:
    """The headers that answers get, by the `Origin` of the page that asked, if any."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._origins = frozenset(settings.app_cors_origins)
        self._always = SECURITY if settings.app_security_headers else {}
        self._preflight = {
            "Access-Control-Allow-Headers": ", ".join(settings.app_cors_headers),
            "Access-Control-Allow-Methods": ", ".join(METHODS),
            "Access-Control-Max-Age": "600",
        }

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._origins or self._always)

    def headers(self, origin: str | None) -> dict[str, str]:
        """Return what to add to an answer; `Vary` is to be added to one that is there."""
        headers = dict(self._always)
        if ANY_ORIGIN in self._origins:
            headers["Access-Control-Allow-Origin"] = ANY_ORIGIN
        elif self._origins:
            # Also in answers to others: a cache must not give them to these pages.
            headers["Vary"] = "Origin"
            if origin in self._origins:
                headers["Access-Control-Allow-Origin"] = str(origin)
        if "Access-Control-Allow-Origin" in headers:
            headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
        return headers

    def preflight(
        self, method: str, origin: str | None, requested: str | None
    ) -> dict[str, str] | None:
        """Return what to add to `headers` in the 204 that says what a page may send.

        `requested` is Access-Control-Request-Method. None if this is no such question, or
        no origin is allowed at all.
        """
        if not (self._origins and method == "OPTIONS" and origin and requested):
            return None
        return self._preflight if "Access-Control-Allow-Origin" in self.headers(origin) else {}
