"""Builds who puts answers of the bargain into words."""

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bargain.model_words import ModelWords
from backend.domains.bargain.words import PlainWords, Words
from backend.infra.closing import on_close


def register_words(app: Flask, settings: Settings) -> None:
    """Register our own sentences, or a model's where the settings have a key."""
    svcs.flask.register_value(app, Words, _words(app, settings))


def _words(app: Flask, settings: Settings) -> Words:
    if settings.openai_api_key is None:
        return PlainWords()
    from backend.domains.bargain.gateways.openai_writer import OpenAIWriter, connect

    client = connect(key=settings.openai_api_key, base_url=settings.openai_base_url)
    writer = OpenAIWriter(client, settings.openai_model)
    on_close(app, writer.close)
    return ModelWords(writer, PlainWords())
