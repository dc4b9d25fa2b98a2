-- +goose Up
CREATE TABLE `new_queues` (
  `id` text NOT NULL,
  `key` text NOT NULL,
  `name` text NOT NULL,
  `position` integer NOT NULL DEFAULT (0),
  `ring_timeout_ms` integer NOT NULL DEFAULT (0),
  `wrap_up_ms` integer NOT NULL DEFAULT (0),
  `rescue_for_ms` integer NOT NULL DEFAULT (0),
  `auto_answer` bool NOT NULL DEFAULT (false),
  `tone` text NOT NULL DEFAULT (''),
  PRIMARY KEY (`id`)
);
INSERT INTO `new_queues` (`id`, `key`, `name`, `position`, `ring_timeout_ms`, `wrap_up_ms`, `rescue_for_ms`) SELECT `id`, `key`, `name`, `position`, `ring_timeout_ms`, `wrap_up_ms`, `rescue_for_ms` FROM `queues`;
DROP TABLE `queues`;
ALTER TABLE `new_queues` RENAME TO `queues`;
CREATE UNIQUE INDEX `queues_key_key` ON `queues` (`key`);
CREATE TABLE `phone_healths` (
  `id` text NOT NULL,
  `at` datetime NOT NULL,
  `record` json NOT NULL,
  PRIMARY KEY (`id`)
);
