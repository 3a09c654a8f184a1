"""Extensions, audit log, idempotency keys, embedded event store, job queue."""

from alembic import op
from procrastinate.schema import SchemaManager

from backend.infra.postgres import run_script

revision = "0001"
down_revision = None

SQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE audit_log (
    id         text PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor_id   text,
    action     text NOT NULL,
    subject    text NOT NULL,
    before     jsonb,
    after      jsonb,
    request_id text
);
CREATE INDEX ix_audit_log_subject ON audit_log (subject, id);
CREATE INDEX ix_audit_log_actor_id ON audit_log (actor_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_is_never_emptied BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE idempotency_keys (
    owner        text NOT NULL,
    key          text NOT NULL,
    fingerprint  text NOT NULL,
    expires_at   timestamptz NOT NULL,
    status       smallint,
    content_type text,
    body         bytea,
    PRIMARY KEY (owner, key)
);
CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE TABLE events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text NOT NULL,
    at      timestamptz NOT NULL,
    user_id text,
    data    jsonb NOT NULL
);
CREATE INDEX ix_events_at ON events (at DESC);
CREATE INDEX ix_events_user_id ON events (user_id, at DESC);
"""

# Alembic notes the step in its own table afterwards, so that one comes back.
EMPTY = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)
    # The queue's own schema, as its pinned release ships it.
    run_script(op.get_bind(), SchemaManager.get_schema())


def downgrade() -> None:
    """Back to an empty database: the queue lives in the same schema, so all of it goes."""
    run_script(op.get_bind(), EMPTY)
