-- +goose Up
ALTER TABLE "outbox_entries" ADD COLUMN "written_for_type" character varying NOT NULL DEFAULT '', ADD COLUMN "written_for_id" character varying NOT NULL DEFAULT '', ADD COLUMN "past" boolean NOT NULL DEFAULT false;
DROP INDEX "outboxentry_state_since";
CREATE INDEX "outbox_present" ON "outbox_entries" ("state", "since") WHERE past = false;
ALTER TABLE "interactions" ADD COLUMN "linked_at" timestamptz NULL;
UPDATE "interactions" SET "linked_at" = "started_at" WHERE "closed_at" IS NULL AND "linked_by" <> '';
