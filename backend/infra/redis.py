"""Redis (or Valkey): one client a process, with short deadlines so that its absence costs little."""

import redis

KEY_PREFIX = "climbup:"


def connect(url: str) -> redis.Redis:
    """A thread-safe client that decodes UTF-8; it connects at the first command."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        health_check_interval=30,
    )


def key(*parts: str) -> str:
    """A key of this application: `key("session", "ses_…")`."""
    return KEY_PREFIX + ":".join(parts)
