"""Bargains: sessions with their offers, and strategies that staff set for single products.

What must never happen is kept here: two open sessions of a user over one thing, a price below the floor or
above the list price, a counter-offer that rises, an offer too many, an ended session that goes on, a deal
that is used twice.
"""

from alembic import op

from backend.infra.postgres import run_script

revision = "0029"
down_revision = "0028"

SQL = r"""
CREATE TABLE bargain_sessions (
    id                  text PRIMARY KEY,
    user_id             text NOT NULL,
    product_id          text NOT NULL,
    slot_id             text,
    -- What is haggled over: the slot, or else the product.
    thing               text NOT NULL GENERATED ALWAYS AS (COALESCE(slot_id, product_id)) STORED,
    quantity            integer NOT NULL,
    party               integer NOT NULL,
    name                text NOT NULL,
    kind                text NOT NULL,
    category            text NOT NULL,
    starts_at           timestamptz,
    currency            text NOT NULL,
    list_minor          bigint NOT NULL,
    floor_minor         bigint NOT NULL,
    cost_minor          bigint,
    strategy            text NOT NULL,
    combines_coupons    boolean NOT NULL,
    words_may_propose   boolean NOT NULL,
    terms               jsonb NOT NULL,
    demand              jsonb NOT NULL,
    facts               jsonb NOT NULL,
    release             text NOT NULL,
    seed                text NOT NULL,
    jitter_key          text NOT NULL,
    address_key         text NOT NULL,
    attempts_allowed    integer NOT NULL,
    attempts_used       integer NOT NULL DEFAULT 0,
    offer_minor         bigint,
    counter_minor       bigint,
    earlier_best_minor  bigint,
    final_minor         bigint,
    state               text NOT NULL DEFAULT 'open',
    started_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    ended_at            timestamptz,
    deal_until          timestamptz,
    quote_id            text,
    quote_token         text,
    used_by             text,
    version             integer NOT NULL DEFAULT 1,
    CONSTRAINT fk_bargain_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_bargain_sessions_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT fk_bargain_sessions_quote_id FOREIGN KEY (quote_id) REFERENCES quotes (id),
    CONSTRAINT ck_bargain_sessions_id CHECK (id LIKE 'bgn\_%'),
    CONSTRAINT ck_bargain_sessions_numbers CHECK (quantity >= 1 AND party >= 1),
    CONSTRAINT ck_bargain_sessions_band CHECK (floor_minor >= 0 AND floor_minor <= list_minor AND list_minor > 0),
    CONSTRAINT ck_bargain_sessions_attempts
        CHECK (attempts_allowed BETWEEN 1 AND 20 AND attempts_used BETWEEN 0 AND attempts_allowed),
    CONSTRAINT ck_bargain_sessions_offer CHECK (
        (offer_minor IS NULL) = (attempts_used = 0) AND offer_minor > 0 AND offer_minor <= list_minor
    ),
    CONSTRAINT ck_bargain_sessions_counter CHECK (counter_minor BETWEEN floor_minor AND list_minor),
    CONSTRAINT ck_bargain_sessions_final CHECK (
        final_minor BETWEEN floor_minor AND list_minor AND final_minor <= COALESCE(counter_minor, final_minor)
    ),
    CONSTRAINT ck_bargain_sessions_state CHECK (state IN ('open', 'accepted', 'expired', 'abandoned')),
    CONSTRAINT ck_bargain_sessions_times CHECK (expires_at > started_at AND ended_at >= started_at),
    CONSTRAINT ck_bargain_sessions_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_bargain_sessions_deal CHECK (
        (state = 'accepted') = (final_minor IS NOT NULL)
        AND (state = 'accepted') = (deal_until IS NOT NULL)
        AND (state = 'accepted' OR used_by IS NULL)
    ),
    -- Hashes, so that no address can be stored by mistake.
    CONSTRAINT ck_bargain_sessions_keys CHECK (
        address_key ~ '^[0-9a-f]{32}$' AND seed ~ '^[0-9a-f]{32}$' AND jitter_key ~ '^[0-9a-f]{32}$'
    )
);
CREATE UNIQUE INDEX uq_bargain_sessions_open ON bargain_sessions (user_id, thing) WHERE state = 'open';
CREATE INDEX ix_bargain_sessions_user_id_id ON bargain_sessions (user_id, id);
CREATE INDEX ix_bargain_sessions_user_id_thing ON bargain_sessions (user_id, thing, started_at);
CREATE INDEX ix_bargain_sessions_address_key ON bargain_sessions (address_key, started_at);
CREATE INDEX ix_bargain_sessions_started_at ON bargain_sessions (started_at);
CREATE INDEX ix_bargain_sessions_product_id ON bargain_sessions (product_id, started_at);
CREATE INDEX ix_bargain_sessions_open ON bargain_sessions (expires_at) WHERE state = 'open';
CREATE INDEX ix_bargain_sessions_used_by ON bargain_sessions (used_by) WHERE used_by IS NOT NULL;

CREATE FUNCTION guard_bargain_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.user_id, NEW.product_id, NEW.slot_id, NEW.quantity, NEW.party, NEW.currency, NEW.list_minor,
        NEW.floor_minor, NEW.cost_minor, NEW.strategy, NEW.combines_coupons, NEW.seed, NEW.jitter_key,
        NEW.attempts_allowed, NEW.earlier_best_minor, NEW.started_at, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.id, OLD.user_id, OLD.product_id, OLD.slot_id, OLD.quantity, OLD.party, OLD.currency, OLD.list_minor,
        OLD.floor_minor, OLD.cost_minor, OLD.strategy, OLD.combines_coupons, OLD.seed, OLD.jitter_key,
        OLD.attempts_allowed, OLD.earlier_best_minor, OLD.started_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'what a bargain is about never changes' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'open' AND (NEW.state, NEW.attempts_used, NEW.offer_minor, NEW.counter_minor, NEW.final_minor,
        NEW.ended_at, NEW.deal_until) IS DISTINCT FROM (OLD.state, OLD.attempts_used, OLD.offer_minor,
        OLD.counter_minor, OLD.final_minor, OLD.ended_at, OLD.deal_until) THEN
        RAISE EXCEPTION 'a bargain that has ended stays as it ended' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.attempts_used NOT IN (OLD.attempts_used, OLD.attempts_used + 1) THEN
        RAISE EXCEPTION 'offers are made one by one' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.attempts_used > OLD.attempts_used AND NEW.offer_minor <= OLD.offer_minor THEN
        RAISE EXCEPTION 'an offer is higher than the one before' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.counter_minor IS NOT NULL AND (NEW.counter_minor IS NULL OR NEW.counter_minor > OLD.counter_minor) THEN
        RAISE EXCEPTION 'counter-offers never rise' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.used_by IS NOT NULL AND NEW.used_by IS NOT NULL AND NEW.used_by <> OLD.used_by THEN
        RAISE EXCEPTION 'a deal is used once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bargain_sessions_keep_their_word BEFORE UPDATE ON bargain_sessions
    FOR EACH ROW EXECUTE FUNCTION guard_bargain_session();

CREATE TABLE bargain_offers (
    session_id    text NOT NULL,
    number        integer NOT NULL,
    -- What the customer said, and what counts of it: at most the list price.
    asked_minor   bigint NOT NULL,
    offer_minor   bigint NOT NULL,
    outcome       text NOT NULL,
    counter_minor bigint,
    message       text NOT NULL,
    at            timestamptz NOT NULL,
    CONSTRAINT pk_bargain_offers PRIMARY KEY (session_id, number),
    CONSTRAINT fk_bargain_offers_session_id FOREIGN KEY (session_id) REFERENCES bargain_sessions (id),
    CONSTRAINT ck_bargain_offers_number CHECK (number >= 1),
    CONSTRAINT ck_bargain_offers_asked CHECK (asked_minor >= offer_minor AND offer_minor > 0),
    CONSTRAINT ck_bargain_offers_outcome CHECK (outcome IN ('accepted', 'countered', 'rejected')),
    CONSTRAINT ck_bargain_offers_counter CHECK ((outcome = 'countered') = (counter_minor IS NOT NULL))
);
CREATE TRIGGER bargain_offers_are_append_only BEFORE UPDATE OR DELETE ON bargain_offers
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE bargain_strategies (
    product_id text PRIMARY KEY,
    -- 'none': it is not bargained over; NULL: rules choose.
    strategy   text,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    version    integer NOT NULL,
    CONSTRAINT fk_bargain_strategies_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT fk_bargain_strategies_set_by FOREIGN KEY (set_by) REFERENCES users (id),
    CONSTRAINT ck_bargain_strategies_strategy
        CHECK (strategy IN ('aggressive', 'moderate', 'conservative', 'none'))
);
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(
        op.get_bind(),
        "DROP TABLE bargain_strategies, bargain_offers, bargain_sessions; DROP FUNCTION guard_bargain_session;",
    )
