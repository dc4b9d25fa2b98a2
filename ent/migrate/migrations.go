package migrate

import (
	"embed"
	"io/fs"

	"entgo.io/ent/dialect"
)

// The migrations are forward only: a step back is a restored backup. Files are never changed once released; the next change is
// the next file, made by `go run ./ent/migrate/diff`.

//go:embed sqlite/*.sql
var sqliteFiles embed.FS

//go:embed postgres/*.sql
var postgresFiles embed.FS

// Files returns the versioned migrations of an ent dialect (dialect.SQLite or dialect.Postgres) in goose's format, and nil for
// any other dialect.
func Files(name string) fs.FS {
	var files fs.FS
	var err error
	switch name {
	case dialect.SQLite:
		files, err = fs.Sub(sqliteFiles, "sqlite")
	case dialect.Postgres:
		files, err = fs.Sub(postgresFiles, "postgres")
	default:
		return nil
	}
	if err != nil { // fs.Sub fails for an invalid path only, and these are constants
		return nil
	}
	return files
}
