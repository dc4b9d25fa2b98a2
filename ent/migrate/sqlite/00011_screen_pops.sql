-- +goose Up
CREATE TABLE `screen_pops` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `connector` text NOT NULL,
  `call_id` text NOT NULL,
  `ref_type` text NOT NULL,
  `ref_id` text NOT NULL,
  `customer_type` text NOT NULL,
  `customer_id` text NOT NULL,
  `agent` text NOT NULL DEFAULT (''),
  `at` datetime NOT NULL
);
CREATE UNIQUE INDEX `screenpop_connector_call_id` ON `screen_pops` (`connector`, `call_id`);
CREATE INDEX `screenpop_connector_agent` ON `screen_pops` (`connector`, `agent`);
CREATE INDEX `screenpop_at` ON `screen_pops` (`at`);
