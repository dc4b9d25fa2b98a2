-- +goose Up
CREATE TABLE `customer_numbers` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `e164` text NOT NULL,
  `customer_id` text NOT NULL,
  CONSTRAINT `customer_numbers_seen_customers_numbers` FOREIGN KEY (`customer_id`) REFERENCES `seen_customers` (`id`) ON DELETE CASCADE
);
CREATE UNIQUE INDEX `customernumber_customer_id_e164` ON `customer_numbers` (`customer_id`, `e164`);
CREATE INDEX `customernumber_e164` ON `customer_numbers` (`e164`);
CREATE TABLE `declared_availabilities` (
  `id` text NOT NULL,
  `availability` text NOT NULL,
  `pause_reason` text NOT NULL DEFAULT (''),
  `since` datetime NOT NULL,
  `idle_since` datetime NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `interactions` (
  `id` text NOT NULL,
  `channel` text NOT NULL,
  `direction` text NOT NULL,
  `number` text NOT NULL,
  `number_display` text NOT NULL DEFAULT (''),
  `number_ext` text NOT NULL DEFAULT (''),
  `number_kind` text NOT NULL DEFAULT (''),
  `queue_id` text NOT NULL DEFAULT (''),
  `operator_id` text NOT NULL DEFAULT (''),
  `customer_id` text NOT NULL DEFAULT (''),
  `customer_name` text NOT NULL DEFAULT (''),
  `started_at` datetime NOT NULL,
  `enqueued_at` datetime NULL,
  `answered_at` datetime NULL,
  `ended_at` datetime NULL,
  `closed_at` datetime NULL,
  `waited_ms` integer NOT NULL DEFAULT (0),
  `result` text NOT NULL DEFAULT (''),
  `term` integer NOT NULL DEFAULT (0),
  `tags` json NULL,
  `comment` text NOT NULL DEFAULT (''),
  `comment_at` datetime NULL,
  `topic_id` text NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `interactions_topics_interactions` FOREIGN KEY (`topic_id`) REFERENCES `topics` (`id`) ON DELETE SET NULL
);
CREATE INDEX `interaction_started_at_id` ON `interactions` (`started_at`, `id`);
CREATE INDEX `interaction_customer_id_started_at_id` ON `interactions` (`customer_id`, `started_at`, `id`);
CREATE INDEX `interaction_number_started_at_id` ON `interactions` (`number`, `started_at`, `id`);
CREATE INDEX `interaction_operator_id_started_at_id` ON `interactions` (`operator_id`, `started_at`, `id`);
CREATE INDEX `interaction_queue_id_started_at_id` ON `interactions` (`queue_id`, `started_at`, `id`);
CREATE INDEX `interaction_topic_id` ON `interactions` (`topic_id`);
CREATE INDEX `interaction_open` ON `interactions` (`started_at`, `id`) WHERE closed_at IS NULL;
CREATE TABLE `interaction_tags` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `folded` text NOT NULL,
  `name` text NOT NULL,
  `interaction_id` text NOT NULL,
  CONSTRAINT `interaction_tags_interactions_tag_rows` FOREIGN KEY (`interaction_id`) REFERENCES `interactions` (`id`) ON DELETE CASCADE
);
CREATE UNIQUE INDEX `interactiontag_interaction_id_folded` ON `interaction_tags` (`interaction_id`, `folded`);
CREATE INDEX `interactiontag_folded` ON `interaction_tags` (`folded`);
CREATE TABLE `pause_reasons` (
  `id` text NOT NULL,
  `key` text NOT NULL,
  `name` text NOT NULL,
  `system` bool NOT NULL DEFAULT (false),
  `position` integer NOT NULL DEFAULT (0),
  PRIMARY KEY (`id`)
);
CREATE UNIQUE INDEX `pause_reasons_key_key` ON `pause_reasons` (`key`);
CREATE TABLE `queues` (
  `id` text NOT NULL,
  `key` text NOT NULL,
  `name` text NOT NULL,
  `position` integer NOT NULL DEFAULT (0),
  `ring_timeout_ms` integer NOT NULL DEFAULT (0),
  `wrap_up_ms` integer NOT NULL DEFAULT (0),
  `rescue_for_ms` integer NOT NULL DEFAULT (0),
  PRIMARY KEY (`id`)
);
CREATE UNIQUE INDEX `queues_key_key` ON `queues` (`key`);
CREATE TABLE `remembered_choices` (
  `id` text NOT NULL,
  `customer_id` text NOT NULL,
  `record` text NOT NULL,
  `operator_id` text NOT NULL,
  `chosen_at` datetime NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `seen_customers` (
  `id` text NOT NULL,
  `name` text NOT NULL,
  `search` text NOT NULL,
  `record` text NOT NULL,
  `as_of` datetime NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE INDEX `seencustomer_name` ON `seen_customers` (`name`);
CREATE TABLE `sessions` (
  `id` text NOT NULL,
  `created_at` datetime NOT NULL,
  `expires_at` datetime NOT NULL,
  `user_id` text NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `sessions_users_sessions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
);
CREATE INDEX `session_user_id` ON `sessions` (`user_id`);
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
CREATE TABLE `settings` (
  `id` text NOT NULL,
  `value` text NOT NULL,
  `updated_at` datetime NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `sip_credentials` (
  `id` text NOT NULL,
  `session_id` text NOT NULL,
  `client_id` text NOT NULL,
  `endpoint` text NOT NULL,
  `realm` text NOT NULL,
  `key_version` integer NOT NULL,
  `sealed` blob NOT NULL,
  `created_at` datetime NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `topics` (
  `id` text NOT NULL,
  `group` text NOT NULL DEFAULT (''),
  `name` text NOT NULL,
  `position` integer NOT NULL DEFAULT (0),
  PRIMARY KEY (`id`)
);
CREATE UNIQUE INDEX `topic_group_name` ON `topics` (`group`, `name`);
CREATE TABLE `users` (
  `id` text NOT NULL,
  `login` text NOT NULL,
  `name` text NOT NULL,
  `role` text NOT NULL,
  `password` text NOT NULL,
  `language` text NOT NULL DEFAULT (''),
  `theme` text NOT NULL DEFAULT (''),
  `disabled` bool NOT NULL DEFAULT (false),
  PRIMARY KEY (`id`)
);
CREATE UNIQUE INDEX `users_login_key` ON `users` (`login`);
CREATE TABLE `user_queues` (
  `user_id` text NOT NULL,
  `queue_id` text NOT NULL,
  PRIMARY KEY (`user_id`, `queue_id`),
  CONSTRAINT `user_queues_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE,
  CONSTRAINT `user_queues_queue_id` FOREIGN KEY (`queue_id`) REFERENCES `queues` (`id`) ON DELETE CASCADE
);
