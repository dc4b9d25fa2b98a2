-- +goose Up
ALTER TABLE "interactions" ADD COLUMN "mos" double precision NULL, ADD COLUMN "quality" jsonb NULL;
