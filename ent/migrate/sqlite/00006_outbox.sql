-- +goose Up
CREATE TABLE `outbox_entries` (
  `id` text NOT NULL,
  `connector` text NOT NULL,
  `kind` text NOT NULL,
  `subject` text NOT NULL,
  `key` text NOT NULL,
  `payload` json NOT NULL,
  `edits` json NULL,
  `revision` integer NOT NULL DEFAULT (1),
  `state` text NOT NULL,
  `since` datetime NOT NULL,
  `attempts` integer NOT NULL DEFAULT (0),
  `next_attempt_at` datetime NOT NULL,
  `lease` text NOT NULL DEFAULT (''),
  `reason` text NOT NULL DEFAULT (''),
  `reason_code` text NOT NULL DEFAULT (''),
  `written_type` text NOT NULL DEFAULT (''),
  `written_id` text NOT NULL DEFAULT (''),
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `delivered_at` datetime NULL,
  PRIMARY KEY (`id`)
);
CREATE UNIQUE INDEX `outboxentry_connector_kind_key` ON `outbox_entries` (`connector`, `kind`, `key`);
CREATE INDEX `outboxentry_connector_state_id` ON `outbox_entries` (`connector`, `state`, `id`);
CREATE INDEX `outboxentry_connector_subject_id` ON `outbox_entries` (`connector`, `subject`, `id`);
CREATE INDEX `outboxentry_connector_lease` ON `outbox_entries` (`connector`, `lease`);
CREATE INDEX `outboxentry_state_since` ON `outbox_entries` (`state`, `since`);
