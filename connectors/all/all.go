// Package all lists the built-in kinds of customer systems, nothing else.
package all

import (
	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/onec"
)

// Registry returns a new registry of every built-in kind.
func Registry() (*connectors.Registry, error) {
	r := &connectors.Registry{}
	for _, f := range []connectors.Factory{httpjson.Factory(), memory.Factory(), onec.Factory()} {
		if err := r.Register(f); err != nil {
			return nil, err
		}
	}
	return r, nil
}
