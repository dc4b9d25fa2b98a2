-- +goose Up
ALTER TABLE `web_connectors` ADD COLUMN `rotated` blob NULL;
