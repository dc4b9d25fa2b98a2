-- +goose Up
CREATE TABLE "outbox_entries" (
  "id" character varying NOT NULL,
  "connector" character varying NOT NULL,
  "kind" character varying NOT NULL,
  "subject" character varying NOT NULL,
  "key" character varying NOT NULL,
  "payload" jsonb NOT NULL,
  "edits" jsonb NULL,
  "revision" bigint NOT NULL DEFAULT 1,
  "state" character varying NOT NULL,
  "since" timestamptz NOT NULL,
  "attempts" bigint NOT NULL DEFAULT 0,
  "next_attempt_at" timestamptz NOT NULL,
  "lease" character varying NOT NULL DEFAULT '',
  "reason" text NOT NULL DEFAULT '',
  "reason_code" character varying NOT NULL DEFAULT '',
  "written_type" character varying NOT NULL DEFAULT '',
  "written_id" character varying NOT NULL DEFAULT '',
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "delivered_at" timestamptz NULL,
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "outboxentry_connector_kind_key" ON "outbox_entries" ("connector", "kind", "key");
CREATE INDEX "outboxentry_connector_state_id" ON "outbox_entries" ("connector", "state", "id");
CREATE INDEX "outboxentry_connector_subject_id" ON "outbox_entries" ("connector", "subject", "id");
CREATE INDEX "outboxentry_connector_lease" ON "outbox_entries" ("connector", "lease");
CREATE INDEX "outboxentry_state_since" ON "outbox_entries" ("state", "since");
