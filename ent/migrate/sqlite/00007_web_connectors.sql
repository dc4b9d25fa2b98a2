-- +goose Up
CREATE TABLE `web_connectors` (
  `id` text NOT NULL,
  `kind` text NOT NULL,
  `name` text NOT NULL,
  `config` json NOT NULL,
  `sealed` blob NOT NULL,
  `no_index` bool NOT NULL DEFAULT (false),
  `disabled` bool NOT NULL DEFAULT (false),
  `version` integer NOT NULL,
  `updated_at` datetime NOT NULL,
  `updated_by` text NOT NULL,
  PRIMARY KEY (`id`)
);
