"""JSON of links to partners' pages."""

import marshmallow as ma

from backend.kernel import ids
from backend.web.fields import Schema, id_field


class LinkWantedSchema(Schema):
    """What a link is wanted to."""

    product_id = id_field(ids.PRODUCT, required=True)


class LinkSchema(Schema):
    """A link; `path` on this server leads on to the partner's page."""

    id = id_field(ids.AFFILIATE_LINK)
    product_id = id_field(ids.PRODUCT)
    name = ma.fields.String()
    partner = ma.fields.String()
    path = ma.fields.String()
