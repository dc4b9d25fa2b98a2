-- +goose Up
ALTER TABLE `sip_credentials` ADD COLUMN `desk` bool NOT NULL DEFAULT (false);
ALTER TABLE `sip_credentials` ADD COLUMN `pending` bool NOT NULL DEFAULT (false);
ALTER TABLE `users` ADD COLUMN `device` text NOT NULL DEFAULT 'WEB';
