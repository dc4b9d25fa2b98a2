-- +goose Up
CREATE TABLE "web_connectors" (
  "id" character varying NOT NULL,
  "kind" character varying NOT NULL,
  "name" character varying NOT NULL,
  "config" jsonb NOT NULL,
  "sealed" bytea NOT NULL,
  "no_index" boolean NOT NULL DEFAULT false,
  "disabled" boolean NOT NULL DEFAULT false,
  "version" bigint NOT NULL,
  "updated_at" timestamptz NOT NULL,
  "updated_by" character varying NOT NULL,
  PRIMARY KEY ("id")
);
