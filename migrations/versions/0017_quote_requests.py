"""Requests for a price, which providers answer and customers accept."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0017"
down_revision = "0016"

SQL = """
CREATE TABLE quote_requests (
    id          text PRIMARY KEY,
    user_id     text NOT NULL REFERENCES users (id),
    provider_id text NOT NULL REFERENCES providers (id),
    product_id  text NOT NULL REFERENCES products (id),
    slot_id     text NOT NULL,
    party       integer NOT NULL CONSTRAINT ck_quote_requests_party CHECK (party > 0),
    message     text NOT NULL,
    status      text NOT NULL
        CONSTRAINT ck_quote_requests_status
        CHECK (status IN ('asked', 'offered', 'accepted', 'declined', 'withdrawn')),
    price_minor bigint CONSTRAINT ck_quote_requests_price CHECK (price_minor > 0),
    currency    text NOT NULL,
    answer      text NOT NULL,
    valid_until timestamptz,
    quote_id    text REFERENCES quotes (id),
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    -- What was offered has a price, and stands until an instant.
    CONSTRAINT ck_quote_requests_offer CHECK (
        status NOT IN ('offered', 'accepted') OR num_nonnulls(price_minor, valid_until) = 2
    ),
    CONSTRAINT ck_quote_requests_quote CHECK ((status = 'accepted') = (quote_id IS NOT NULL))
);
-- One open request of a user for a slot.
CREATE UNIQUE INDEX uq_quote_requests_open ON quote_requests (user_id, slot_id)
    WHERE status IN ('asked', 'offered');
CREATE INDEX ix_quote_requests_user_id ON quote_requests (user_id, id);
CREATE INDEX ix_quote_requests_provider_id ON quote_requests (provider_id, id);
"""


def upgrade() -> None:
    """Make it."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop it."""
    run_script(op.get_bind(), "DROP TABLE quote_requests;")
