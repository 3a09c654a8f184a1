"""Proposals: drafts of the rules that wait for somebody who may publish them."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0008"
down_revision = "0007"

SQL = """
CREATE TABLE rule_proposals (
    id          text PRIMARY KEY,
    version     text NOT NULL REFERENCES rule_releases (version),
    based_on    text NOT NULL REFERENCES rule_releases (version),
    author      text NOT NULL REFERENCES users (id),
    note        text NOT NULL CONSTRAINT ck_rule_proposals_note CHECK (note <> ''),
    created_at  timestamptz NOT NULL,
    status      text NOT NULL DEFAULT 'open' CONSTRAINT ck_rule_proposals_status
                CHECK (status IN ('open', 'published', 'declined', 'withdrawn')),
    settled_at  timestamptz,
    settled_by  text REFERENCES users (id),
    reason      text,
    publication bigint REFERENCES rule_publications (number),
    CONSTRAINT ck_rule_proposals_changes CHECK (version <> based_on),
    CONSTRAINT ck_rule_proposals_settled
        CHECK ((status = 'open') = (settled_at IS NULL) AND (status = 'open') = (settled_by IS NULL)),
    CONSTRAINT ck_rule_proposals_publication CHECK ((status = 'published') = (publication IS NOT NULL)),
    CONSTRAINT ck_rule_proposals_reason CHECK ((status = 'declined') = (coalesce(reason, '') <> '')),
    CONSTRAINT ck_rule_proposals_withdrawn CHECK (status <> 'withdrawn' OR settled_by = author)
);
CREATE INDEX ix_rule_proposals_status ON rule_proposals (status, id);

-- What was proposed stays as it was, and what was settled stays settled.
CREATE FUNCTION settle_a_rule_proposal_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'open' OR (NEW.id, NEW.version, NEW.based_on, NEW.author, NEW.note, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.version, OLD.based_on, OLD.author, OLD.note, OLD.created_at) THEN
        RAISE EXCEPTION 'a proposal of rules is settled once, and nothing else of it changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rule_proposals_are_settled_once BEFORE UPDATE ON rule_proposals
    FOR EACH ROW EXECUTE FUNCTION settle_a_rule_proposal_once();
CREATE TRIGGER rule_proposals_are_kept BEFORE DELETE ON rule_proposals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE rule_proposals; DROP FUNCTION settle_a_rule_proposal_once();")
