"""What the payment gateway told us that moved, and reports of how it agrees with the ledger."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0021"
down_revision = "0020"

SQL = r"""
CREATE TABLE gateway_movements (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    source      text NOT NULL,
    currency    text NOT NULL,
    moved_minor bigint NOT NULL,
    fee_minor   bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT ck_gateway_movements_currency CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX ix_gateway_movements_source ON gateway_movements (source);
CREATE TRIGGER gateway_movements_are_append_only BEFORE UPDATE OR DELETE ON gateway_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER gateway_movements_are_never_emptied BEFORE TRUNCATE ON gateway_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE reconciliations (
    id             text PRIMARY KEY,
    since          timestamptz NOT NULL,
    before         timestamptz NOT NULL,
    made_at        timestamptz NOT NULL,
    movements      bigint NOT NULL,
    entries        bigint NOT NULL,
    fees_booked    bigint NOT NULL,
    payouts_booked bigint NOT NULL,
    differences    jsonb NOT NULL,
    balances       jsonb NOT NULL,
    CONSTRAINT uq_reconciliations_before UNIQUE (before),
    CONSTRAINT ck_reconciliations_id CHECK (id LIKE 'rcn\_%'),
    CONSTRAINT ck_reconciliations_period CHECK (since < before)
);
"""

DROP = """
DROP TABLE reconciliations;
DROP TABLE gateway_movements;
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
