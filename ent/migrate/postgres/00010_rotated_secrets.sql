-- +goose Up
ALTER TABLE "web_connectors" ADD COLUMN "rotated" bytea NULL;
