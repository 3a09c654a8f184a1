"""Headers of every answer: what browsers may do with it, who may read it from elsewhere, who may keep it."""

from typing import Final

from flask import Flask, Response, request
from flask_cors import CORS

from backend.config import Settings

# An API answer is data: it loads nothing, is shown in no frame, and is kept by nobody.
# A view that sends something else sets its own value, which stays.
DEFAULTS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS: Final = "max-age=31536000; includeSubDomains"

READABLE: Final = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Cart-Id",
    "X-Request-Id",
)
SENDABLE: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "X-CSRF-TOKEN",
    "X-Cart-Id",
    "X-Request-Id",
)
SHARED: Final = (r"/api/.*", r"/openapi\.json")
PREFLIGHT_KEPT_SECONDS: Final = 600


def install(app: Flask, settings: Settings) -> None:
    """Set the headers of every answer of `app`, and allow the configured origins to read them."""

    def protect(response: Response) -> Response:
        for name, value in DEFAULTS.items():
            response.headers.setdefault(name, value)
        if settings.production and request.is_secure:
            response.headers["Strict-Transport-Security"] = HSTS
        return response

    app.after_request(protect)
    if settings.cors_origins:
        CORS(
            app,
            resources=list(SHARED),
            origins=list(settings.cors_origins),
            supports_credentials=True,
            expose_headers=READABLE,
            allow_headers=SENDABLE,
            max_age=PREFLIGHT_KEPT_SECONDS,
        )
