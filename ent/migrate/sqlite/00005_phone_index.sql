-- +goose Up
CREATE TABLE `index_pages` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `seq` integer NOT NULL,
  `next` text NOT NULL,
  `records` integer NOT NULL,
  `read_at` datetime NOT NULL,
  `data` blob NOT NULL,
  `scan_id` text NOT NULL,
  CONSTRAINT `index_pages_index_scans_pages` FOREIGN KEY (`scan_id`) REFERENCES `index_scans` (`id`) ON DELETE CASCADE
);
CREATE UNIQUE INDEX `indexpage_scan_id_seq` ON `index_pages` (`scan_id`, `seq`);
CREATE TABLE `index_scans` (
  `id` text NOT NULL,
  `connector` text NOT NULL,
  `stamp` text NOT NULL,
  `started_at` datetime NOT NULL,
  `finished_at` datetime NULL,
  PRIMARY KEY (`id`)
);
CREATE INDEX `indexscan_connector_started_at` ON `index_scans` (`connector`, `started_at`);
CREATE TABLE `refused_links` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `e164` text NOT NULL,
  `customer_id` text NOT NULL,
  `operator_id` text NOT NULL,
  `refused_at` datetime NOT NULL
);
CREATE UNIQUE INDEX `refusedlink_e164_customer_id` ON `refused_links` (`e164`, `customer_id`);
