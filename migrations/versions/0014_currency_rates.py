"""Exchange rates of the daily feed, and those that staff set."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0014"
down_revision = "0013"

SQL = """
CREATE TABLE currency_rates (
    id           text PRIMARY KEY,
    currency     text NOT NULL,
    -- What one euro is worth.
    rate         numeric NOT NULL,
    day          date NOT NULL,
    source       text NOT NULL,
    -- The id of the user, for rates of staff.
    set_by       text,
    set_at       timestamptz NOT NULL,
    note         text,
    valid_until  timestamptz,
    withdrawn_at timestamptz,
    withdrawn_by text,
    CONSTRAINT ck_currency_rates_currency CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'EUR'),
    CONSTRAINT ck_currency_rates_rate CHECK (rate > 0 AND rate < 'Infinity'),
    CONSTRAINT ck_currency_rates_source CHECK (source IN ('feed', 'staff')),
    CONSTRAINT ck_currency_rates_staff CHECK ((source = 'staff') = (set_by IS NOT NULL AND note <> '')),
    CONSTRAINT ck_currency_rates_feed
        CHECK (source <> 'feed' OR (valid_until IS NULL AND withdrawn_at IS NULL)),
    CONSTRAINT ck_currency_rates_valid_until CHECK (valid_until > set_at),
    CONSTRAINT ck_currency_rates_withdrawn
        CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND withdrawn_at >= set_at)
);
CREATE INDEX ix_currency_rates_currency_day ON currency_rates (currency, day);
CREATE UNIQUE INDEX uq_currency_rates_feed ON currency_rates (currency, day) WHERE source = 'feed';

-- What was ever said stays as it was said: only a withdrawal may be noted, once.
CREATE TRIGGER currency_rates_are_kept BEFORE DELETE ON currency_rates
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER currency_rates_are_never_emptied BEFORE TRUNCATE ON currency_rates
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER currency_rates_stay_the_same BEFORE UPDATE ON currency_rates FOR EACH ROW
    WHEN (OLD.withdrawn_at IS NOT NULL
          OR (OLD.id, OLD.currency, OLD.rate, OLD.day, OLD.source, OLD.set_by, OLD.set_at, OLD.note, OLD.valid_until)
             IS DISTINCT FROM
             (NEW.id, NEW.currency, NEW.rate, NEW.day, NEW.source, NEW.set_by, NEW.set_at, NEW.note, NEW.valid_until))
    EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE currency_rates;")
