"""Publications: which release of the rules was served from when on, by whom, and why."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0007"
down_revision = "0006"

SQL = """
-- The newest one is what production serves. Whoever adds one holds the lock that publishing.py takes,
-- so numbers grow in the order of the commits.
CREATE TABLE rule_publications (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version  text NOT NULL REFERENCES rule_releases (version),
    previous text REFERENCES rule_releases (version),
    kind     text NOT NULL CONSTRAINT ck_rule_publications_kind CHECK (kind IN ('publish', 'rollback')),
    -- The id of a user, 'cli', or 'folder' for the files that the program came with.
    author   text NOT NULL,
    note     text NOT NULL CONSTRAINT ck_rule_publications_note CHECK (note <> ''),
    at       timestamptz NOT NULL,
    CONSTRAINT ck_rule_publications_previous CHECK (previous <> version)
);
CREATE TRIGGER rule_publications_are_append_only BEFORE UPDATE OR DELETE ON rule_publications
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_publications_are_never_emptied BEFORE TRUNCATE ON rule_publications
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE rule_publications;")
