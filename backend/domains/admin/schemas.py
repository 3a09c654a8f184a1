"""JSON shapes of the demonstration's data."""

import marshmallow as ma

from backend.web.fields import Schema


class DemoStatusSchema(Schema):
    """How many of everything there is; equal data has an equal digest."""

    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)
    digest = ma.fields.String(required=True)
    is_empty = ma.fields.Boolean(required=True)
