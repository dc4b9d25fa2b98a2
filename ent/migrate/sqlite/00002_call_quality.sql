-- +goose Up
ALTER TABLE `interactions` ADD COLUMN `mos` real NULL;
ALTER TABLE `interactions` ADD COLUMN `quality` json NULL;
