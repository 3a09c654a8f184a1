"""The port to language models, by OpenAI's SDK: their chat completions, or what speaks as they do.

Importing the SDK takes half a second, so this module is imported only where there is a key.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import openai
import structlog
from openai.types.chat import ChatCompletion
from pybreaker import CircuitBreaker, CircuitBreakerError

from backend.domains.bargain.model_words import DEADLINE_SECONDS, NotWrittenError
from backend.infra.event_loop import EventLoop

log = structlog.get_logger(__name__)

# So many threads of a process wait for the model at once, half of those that serve by default.
PLACES: Final = 4
# After so many failures in a row nobody asks for a while; then one failure is enough.
FAILURES: Final = 5
REST_SECONDS: Final = 30.0
# Two sentences have less than a hundred.
_TOKENS: Final = 400
# By the first that fits: a timeout is a failed connection to the SDK.
_REASONS: Final = (
    ((TimeoutError, openai.APITimeoutError), "late"),
    ((openai.RateLimitError,), "limited"),
    ((openai.APIConnectionError,), "unreachable"),
    ((openai.OpenAIError,), "failed"),
    ((ValueError, TypeError, AttributeError, LookupError), "malformed"),
)


def connect(*, key: str, base_url: str, seconds: float = DEADLINE_SECONDS) -> openai.AsyncOpenAI:
    """A client of the API at `base_url`, each of whose steps takes so long at most.

    It tries once: there is no time for another.
    """
    # The SDK's log for debugging has requests in it, with what customers wrote.
    logging.getLogger("openai").setLevel(logging.WARNING)
    return openai.AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        timeout=seconds,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )


def breaker(*, rest_seconds: float = REST_SECONDS) -> CircuitBreaker:
    """One for each process: each finds out by itself, within five offers."""
    return CircuitBreaker(fail_max=FAILURES, reset_timeout=rest_seconds, throw_new_error_on_trip=False)


@dataclass(frozen=True, slots=True)
class OpenAIWriter:
    """A `Writer`. It asks in `loop`, where a deadline cancels; only that thread uses `breaker`.

    No more threads wait for it than there are `places`, so that a slow model does not take all of a server.
    """

    client: openai.AsyncOpenAI = field(repr=False)
    model: str
    seconds: float = DEADLINE_SECONDS
    breaker: CircuitBreaker = field(default_factory=breaker)
    loop: EventLoop = field(default_factory=lambda: EventLoop("openai"))
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PLACES))

    def write(self, *, instructions: str, material: str, schema: Mapping[str, Any]) -> str:
        """The content of the completion."""

        async def ask() -> ChatCompletion:
            # Not `breaker.call`, which lets one thread in at a time.
            with self.breaker.calling():
                return await self._completion(instructions, material, schema)

        if not self.places.acquire(blocking=False):
            raise NotWrittenError("busy")
        try:
            return _content(self.loop.run(ask, seconds=self.seconds))
        # Nobody has written down what the SDK raises for answers that only resemble OpenAI's.
        except Exception as error:  # noqa: BLE001 (words never stop a bargain)
            raise NotWrittenError(_reason(error)) from None
        finally:
            self.places.release()

    def close(self) -> None:
        """End the thread, and close what it has open."""
        self.loop.close(self.client.close)

    async def _completion(
        self, instructions: str, material: str, schema: Mapping[str, Any]
    ) -> ChatCompletion:
        return await self.client.chat.completions.create(
            model=self.model,
            messages=[
                {"role": "system", "content": instructions},
                {"role": "user", "content": material},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": dict(schema)},
            },
            max_completion_tokens=_TOKENS,
        )


def _reason(error: Exception) -> str:
    """A word for the metrics; the log gets neither texts nor keys, which errors of the SDK may carry."""
    if isinstance(error, CircuitBreakerError):
        return "resting"
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    log.warning("bargain_model_failed", error=type(error).__name__, status=status)
    return next((reason for kinds, reason in _REASONS if isinstance(error, kinds)), "failed")


def _content(completion: ChatCompletion) -> str:
    """What the first choice says; a refusal has none."""
    content = completion.choices[0].message.content
    if not isinstance(content, str):
        raise TypeError("no content")
    return content
