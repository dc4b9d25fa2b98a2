// Package ent is the generated access to Pult's tables. Written by hand are schema/ (the tables) and migrate/ (their history);
// everything else comes from the generator. Only internal/store imports this package.
package ent

//go:generate go tool ent generate --feature sql/upsert,sql/modifier ./schema
