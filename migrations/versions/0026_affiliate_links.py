"""Links to partners' pages, and clicks on them."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0026"
down_revision = "0025"

SQL = r"""
CREATE TABLE affiliate_links (
    id         text PRIMARY KEY,
    product_id text NOT NULL,
    partner    text NOT NULL,
    url        text NOT NULL,
    user_id    text,
    order_id   text,
    created_at timestamptz NOT NULL,
    CONSTRAINT fk_affiliate_links_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT fk_affiliate_links_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_affiliate_links_order_id FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT ck_affiliate_links_id CHECK (id LIKE 'lnk\_%'),
    CONSTRAINT ck_affiliate_links_url CHECK (url LIKE 'https://%')
);
CREATE INDEX ix_affiliate_links_product_id_id ON affiliate_links (product_id, id);
CREATE INDEX ix_affiliate_links_order_id ON affiliate_links (order_id) WHERE order_id IS NOT NULL;
-- Where a link leads is where it always led.
CREATE TRIGGER affiliate_links_are_append_only BEFORE UPDATE OR DELETE ON affiliate_links
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE affiliate_clicks (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link_id text NOT NULL,
    user_id text,
    visitor text NOT NULL,
    at      timestamptz NOT NULL,
    CONSTRAINT fk_affiliate_clicks_link_id FOREIGN KEY (link_id) REFERENCES affiliate_links (id),
    CONSTRAINT fk_affiliate_clicks_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    -- A hash, so that no address can be stored by mistake.
    CONSTRAINT ck_affiliate_clicks_visitor CHECK (visitor ~ '^[0-9a-f]{32}$')
);
CREATE INDEX ix_affiliate_clicks_link_id_number ON affiliate_clicks (link_id, number);
CREATE TRIGGER affiliate_clicks_are_append_only BEFORE UPDATE OR DELETE ON affiliate_clicks
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE affiliate_clicks; DROP TABLE affiliate_links;")
