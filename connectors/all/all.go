// Package all lists the built-in kinds of customer systems, nothing else.
package all

import (
	"log/slog"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/csvfile"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/sqltable"
)

// Registry returns a new registry of every built-in kind. Drivers do not log; log is for what plug-ins write.
func Registry(log *slog.Logger) (*connectors.Registry, error) {
	r := &connectors.Registry{}
	for _, f := range []connectors.Factory{
		csvfile.Factory(),
		httpjson.Factory(),
		memory.Factory(),
		onec.Factory(),
		plugin.Factory(log),
		sqltable.Factory(),
	} {
		if err := r.Register(f); err != nil {
			return nil, err
		}
	}
	return r, nil
}
