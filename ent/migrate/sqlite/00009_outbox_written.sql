-- +goose Up
ALTER TABLE `outbox_entries` ADD COLUMN `written_for_type` text NOT NULL DEFAULT ('');
ALTER TABLE `outbox_entries` ADD COLUMN `written_for_id` text NOT NULL DEFAULT ('');
ALTER TABLE `outbox_entries` ADD COLUMN `past` bool NOT NULL DEFAULT (false);
DROP INDEX `outboxentry_state_since`;
CREATE INDEX `outbox_present` ON `outbox_entries` (`state`, `since`) WHERE past = false;
ALTER TABLE `interactions` ADD COLUMN `linked_at` datetime NULL;
UPDATE `interactions` SET `linked_at` = `started_at` WHERE `closed_at` IS NULL AND `linked_by` <> '';
