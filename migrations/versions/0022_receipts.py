"""Receipts, whose numbers have no gaps."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0022"
down_revision = "0021"

SQL = """
CREATE TABLE receipt_series (
    name text NOT NULL,
    last integer NOT NULL,
    CONSTRAINT pk_receipt_series PRIMARY KEY (name),
    CONSTRAINT ck_receipt_series_last CHECK (last >= 0)
);

CREATE TABLE receipts (
    number    text NOT NULL,
    order_id  text NOT NULL,
    issued_at timestamptz NOT NULL,
    document  jsonb NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (number),
    CONSTRAINT uq_receipts_order_id UNIQUE (order_id),
    CONSTRAINT fk_receipts_order_id_orders FOREIGN KEY (order_id) REFERENCES orders (id)
);
CREATE TRIGGER receipts_is_append_only BEFORE UPDATE OR DELETE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_is_never_emptied BEFORE TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE receipts, receipt_series;")
