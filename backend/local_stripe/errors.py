"""How the gateway refuses: Stripe's error objects and the statuses they travel with."""

from typing import Any, Final

Json = dict[str, Any]

# A request that does not hold together was never begun: its idempotency key is free again.
_NOT_BEGUN: Final = ("parameter_", "idempotency_", "lock_")


class ApiError(Exception):
    """An error object of Stripe's with its HTTP status; what was done before it is undone."""

    keeps_work = False

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.kind = kind
        known = {"code": code, "message": message, "param": param, "type": kind, **extra}
        self.error: Json = {name: value for name, value in known.items() if value is not None}

    @property
    def is_remembered(self) -> bool:
        """Whether a repetition with the same idempotency key gets this answer again."""
        begun = not (self.code or "").startswith(_NOT_BEGUN) and self.kind != "idempotency_error"
        return begun and self.status not in (401, 409, 429)


class CardError(ApiError):
    """A card was declined: the attempt, its charge and its events stay."""

    keeps_work = True

    def __init__(self, message: str, *, code: str, **extra: Any) -> None:
        super().__init__(message, status=402, kind="card_error", code=code, **extra)


class LostError(Exception):
    """Nobody will learn the answer to this request, by a fault that was asked for."""


def no_such(what: str, name: str, *, param: str = "id", status: int = 404) -> ApiError:
    """`resource_missing`: there is no such object, or it is another account's."""
    return ApiError(f"No such {what}: '{name}'", status=status, code="resource_missing", param=param)


def missing(param: str) -> ApiError:
    """`parameter_missing`."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param: str, message: str, *, code: str = "parameter_invalid") -> ApiError:
    """A parameter that cannot be read; `code` is one of Stripe's `parameter_invalid_…`."""
    return ApiError(message, code=code, param=param)
