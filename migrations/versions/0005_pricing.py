"""Releases of the rules, and quotes priced by them."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0005"
down_revision = "0004"

SQL = """
-- The texts of all rule files of a rulebook that was ever served, so that an old quote can be explained.
CREATE TABLE rule_releases (
    version    text PRIMARY KEY CHECK (version ~ '^sha256:[0-9a-f]{64}$'),
    sources    jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TRIGGER rule_releases_are_immutable BEFORE UPDATE OR DELETE ON rule_releases
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE quotes (
    id          text PRIMARY KEY,
    user_id     text REFERENCES users (id),
    product_id  text NOT NULL REFERENCES products (id),
    provider_id text NOT NULL REFERENCES providers (id),
    slot_id     text NOT NULL,
    party       integer NOT NULL CONSTRAINT ck_quotes_party CHECK (party > 0),
    currency    text NOT NULL,
    total_minor bigint NOT NULL CONSTRAINT ck_quotes_total CHECK (total_minor >= 0),
    -- The case (label, base, cost, facts as staff write them) and the answer (lines and why).
    "case"      jsonb NOT NULL,
    price       jsonb NOT NULL,
    release     text NOT NULL REFERENCES rule_releases (version),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT ck_quotes_expires_at CHECK (expires_at > created_at)
);
CREATE INDEX ix_quotes_user_id ON quotes (user_id, created_at DESC);
CREATE INDEX ix_quotes_created_at ON quotes (created_at);
CREATE TRIGGER quotes_are_immutable BEFORE UPDATE ON quotes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE quotes; DROP TABLE rule_releases;")
