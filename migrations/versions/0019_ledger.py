"""The double-entry ledger: entries and postings that nobody changes, and totals by month kept from them."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0019"
down_revision = "0018"

SQL = r"""
CREATE TABLE ledger_entries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL,
    kind        text NOT NULL,
    reference   text NOT NULL,
    -- What the gateway calls the thing that moved its balance; NULL where it has no part in it.
    source      text,
    postings    smallint NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_ledger_entries_key UNIQUE (key),
    CONSTRAINT uq_ledger_entries_id_at UNIQUE (id, at),
    CONSTRAINT ck_ledger_entries_key CHECK (length(key) BETWEEN 1 AND 200),
    CONSTRAINT ck_ledger_entries_kind CHECK (kind ~ '^[a-z][a-z_]{0,39}$'),
    CONSTRAINT ck_ledger_entries_reference CHECK (length(reference) BETWEEN 1 AND 200),
    CONSTRAINT ck_ledger_entries_source CHECK (length(source) BETWEEN 1 AND 200),
    CONSTRAINT ck_ledger_entries_postings CHECK (postings >= 2)
);
CREATE INDEX ix_ledger_entries_reference_id ON ledger_entries (reference, id);
CREATE INDEX ix_ledger_entries_source ON ledger_entries (source) WHERE source IS NOT NULL;

CREATE TABLE ledger_postings (
    entry_id     bigint NOT NULL,
    account      text NOT NULL,
    currency     text NOT NULL,
    -- Debit positive, credit negative.
    amount_minor bigint NOT NULL,
    -- That of the entry: statements look for it beside the account.
    at           timestamptz NOT NULL,
    PRIMARY KEY (entry_id, account, currency),
    CONSTRAINT fk_ledger_postings_entry_id_at FOREIGN KEY (entry_id, at) REFERENCES ledger_entries (id, at),
    CONSTRAINT ck_ledger_postings_account CHECK (account ~
        '^(gateway|bank|platform|tax|house|gateway_fees|disputed|losses|provider:prv_[0-9a-z]{26}|expert:usr_[0-9a-z]{26})$'),
    CONSTRAINT ck_ledger_postings_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_ledger_postings_amount_minor CHECK (amount_minor <> 0)
);
CREATE INDEX ix_ledger_postings_account_at_entry_id ON ledger_postings (account, at, entry_id)
    INCLUDE (currency, amount_minor);

CREATE TRIGGER ledger_entries_are_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_are_never_emptied BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_postings_are_append_only BEFORE UPDATE OR DELETE ON ledger_postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_postings_are_never_emptied BEFORE TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An entry says how many postings it has: so none can be added to an entry of the past.
CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry   bigint;
    missing bigint;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN
        entry := NEW.id;
    ELSE
        entry := NEW.entry_id;
    END IF;
    SELECT e.postings - (SELECT count(*) FROM ledger_postings p WHERE p.entry_id = entry)
        INTO missing FROM ledger_entries e WHERE e.id = entry;
    IF missing <> 0 THEN
        RAISE EXCEPTION 'ledger entry % has % postings fewer than it says', entry, missing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_complete';
    END IF;
    PERFORM FROM ledger_postings WHERE entry_id = entry GROUP BY currency HAVING sum(amount_minor) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % does not balance', entry
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();
CREATE CONSTRAINT TRIGGER ledger_postings_balance AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();

-- What an account moved in a month (of UTC), in as many parts as transactions wrote to it at once: each takes
-- a part that nobody is at, and waits for none.
CREATE TABLE ledger_months (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      text NOT NULL,
    currency     text NOT NULL,
    month        date NOT NULL,
    amount_minor bigint NOT NULL,
    postings     bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX ix_ledger_months_account_currency_month ON ledger_months (account, currency, month);

CREATE FUNCTION add_up_ledger_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added record;
    part  bigint;
BEGIN
    FOR added IN
        SELECT account, currency, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month,
            sum(amount_minor) AS amount_minor, count(*) AS postings
        FROM added_postings GROUP BY 1, 2, 3
    LOOP
        SELECT m.number INTO part FROM ledger_months m
            WHERE m.account = added.account AND m.currency = added.currency AND m.month = added.month
            ORDER BY m.number LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE ledger_months SET amount_minor = amount_minor + added.amount_minor,
                postings = postings + added.postings WHERE number = part;
        ELSE
            INSERT INTO ledger_months (account, currency, month, amount_minor, postings)
                VALUES (added.account, added.currency, added.month, added.amount_minor, added.postings);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_postings_are_added_up AFTER INSERT ON ledger_postings
    REFERENCING NEW TABLE AS added_postings FOR EACH STATEMENT EXECUTE FUNCTION add_up_ledger_months();
"""

DROP = """
DROP TABLE ledger_months;
DROP TABLE ledger_postings;
DROP TABLE ledger_entries;
DROP FUNCTION add_up_ledger_months();
DROP FUNCTION refuse_unbalanced_entry();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
