package workbench

import (
	"context"
	"encoding/json"
	"time"
)

// Record is a connector of the web app as the database keeps it.
type Record struct {
	ID, Kind, Name string
	Config         json.RawMessage // a secret is a reference in it: sealed: and its path
	Sealed         []byte          // all secrets, see seal; empty where there are none
	NoIndex        bool
	Disabled       bool
	Version        int64
	UpdatedAt      time.Time
	UpdatedBy      string // user id
}

// Repository keeps connectors of the web app; implemented by internal/store. Methods may be called concurrently, by many processes.
type Repository interface {
	// WebConnectors lists all, by id.
	WebConnectors(ctx context.Context) ([]Record, error)
	// WebConnector returns one; unknown is errs.NotFound.
	WebConnector(ctx context.Context, id string) (Record, error)
	// SaveWebConnector stores r if the stored version is former; 0 stands for none. Another is errs.Conflict, and nothing is changed.
	// It returns the version stored: r's, or a greater one where connectors of this id have been deleted, since none comes twice.
	SaveWebConnector(ctx context.Context, r Record, former int64) (version int64, err error)
	// DeleteWebConnector removes one if its version is former, with what its phone index has of people and its rotated secrets; another
	// version is errs.Conflict, one that is not there success.
	DeleteWebConnector(ctx context.Context, id string, former int64) error
	// Rotated returns what SaveRotated has stored of a connector, nil if nothing was; an unknown connector is errs.NotFound.
	Rotated(ctx context.Context, id string) ([]byte, error)
	// SaveRotated stores the sealed secrets of a connector that changed when they were used, if former is what is stored. Other is
	// errs.Conflict, an unknown connector errs.NotFound. Versions are another matter: nobody is told.
	SaveRotated(ctx context.Context, id string, former, sealed []byte) error
}
