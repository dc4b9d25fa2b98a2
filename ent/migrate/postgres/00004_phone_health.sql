-- +goose Up
ALTER TABLE "queues" ADD COLUMN "auto_answer" boolean NOT NULL DEFAULT false, ADD COLUMN "tone" character varying NOT NULL DEFAULT '';
CREATE TABLE "phone_healths" (
  "id" character varying NOT NULL,
  "at" timestamptz NOT NULL,
  "record" jsonb NOT NULL,
  PRIMARY KEY ("id")
);
