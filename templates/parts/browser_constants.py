SECURITY = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Without Strict-Transport-Security, which is for whoever ends the TLS of the whole host."""
EXPOSED = ("Location", "Retry-After", "X-Request-ID")
"""Headers that pages may read, besides those that they always may."""
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
"""What pages may send, with the headers in APP_CORS_HEADERS."""
