-- +goose Up
ALTER TABLE "interactions" ADD COLUMN "linked_by" character varying NOT NULL DEFAULT '', ADD COLUMN "link" bigint NOT NULL DEFAULT 0, ADD COLUMN "week" bigint NOT NULL DEFAULT 0;
UPDATE "interactions" SET
  "week" = floor((extract(epoch FROM "started_at") / 86400 + 3) / 7),
  "linked_by" = COALESCE((SELECT c."operator_id" FROM "remembered_choices" AS c
    WHERE c."id" = "interactions"."number" AND c."customer_id" = "interactions"."customer_id"), '')
  WHERE "channel" = 'CALL';
UPDATE "interactions" SET
  "link" = CASE WHEN "customer_id" = '' THEN 1 WHEN "linked_by" = '' THEN 2 ELSE 3 END
  WHERE "channel" = 'CALL' AND "number_kind" = 'PUBLIC';
CREATE INDEX "interaction_week_queue_id_link" ON "interactions" ("week", "queue_id", "link");
CREATE INDEX "interaction_unlinked" ON "interactions" ("number", "started_at", "queue_id") WHERE link = 1;
