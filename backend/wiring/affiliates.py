"""Builds what links to partners' pages."""

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.affiliates.partners import Partners
from backend.domains.affiliates.service import AffiliateLinks
from backend.domains.affiliates.visitors import Visitors
from backend.domains.catalog.service import CatalogService
from backend.infra.event_buffer import Events
from backend.infra.postgres import db


def register_affiliates(app: Flask, settings: Settings) -> None:
    """Register the partners and the links to them."""
    svcs.flask.register_value(app, Partners, Partners.read(settings.affiliate_ids))
    svcs.flask.register_value(app, Visitors, Visitors(settings.jwt_secret))
    svcs.flask.register_factory(app, AffiliateLinks, _links)


def _links(container: svcs.Container) -> AffiliateLinks:
    return AffiliateLinks(db.session, *container.get(CatalogService, Partners, Visitors, Events))
