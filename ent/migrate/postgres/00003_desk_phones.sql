-- +goose Up
ALTER TABLE "sip_credentials" ADD COLUMN "desk" boolean NOT NULL DEFAULT false, ADD COLUMN "pending" boolean NOT NULL DEFAULT false;
ALTER TABLE "users" ADD COLUMN "device" character varying NOT NULL DEFAULT 'WEB';
