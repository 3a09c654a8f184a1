"""Builds who puts answers of the bargain into words."""

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bargain.model_words import DEADLINE_SECONDS, ModelWords
from backend.domains.bargain.words import PlainWords, Words
from backend.infra.closing import on_close


def register_words(app: Flask, settings: Settings, *, seconds: float = DEADLINE_SECONDS) -> None:
    """Register our own sentences, or a model's where the settings have a key; it has so much time."""
    svcs.flask.register_value(app, Words, _words(app, settings, seconds))


def _words(app: Flask, settings: Settings, seconds: float) -> Words:
    if settings.openai_api_key is None:
        return PlainWords()
    from backend.domains.bargain.gateways.openai_writer import OpenAIWriter, connect

    client = connect(key=settings.openai_api_key, base_url=settings.openai_base_url, seconds=seconds)
    writer = OpenAIWriter(client, settings.openai_model, seconds)
    on_close(app, writer.close)
    return ModelWords(writer, PlainWords())
