// Package plugintest lets connectortest ask a plug-in: in go test, and for `pult connector test`.
package plugintest

import (
	"context"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
)

// ID is the connector instance that a rehearsal uses.
const ID = "rehearsal"

// secret is handed to the plug-in and must come back in no error.
const secret = "rehearsal-пароль-42"

type secrets struct{}

// Secrets are those of a rehearsal: every reference is the same one.
func Secrets() connectors.Secrets { return secrets{} }

func (secrets) Secret(context.Context, string) (string, error) { return secret, nil }

// patience is how long the plug-in may take to start, and to set its stage.
const patience = 30 * time.Second

// stage is the plug-in's test system. What a driver writes stands in the process that wrote it.
type stage struct {
	t        connectortest.T
	settings plugin.Settings
	options  plugin.Options
	base     *pb.CustomerBase

	mu     sync.Mutex
	opened []*plugin.Driver
}

// Open starts the plug-in for a rehearsal, with the customers in its base. A plug-in that has no rehearsal is fatal.
func Open(t connectortest.T, s plugin.Settings, customers []connectortest.Customer, o plugin.Options) connectortest.System {
	t.Helper()
	o.Rehearsal, o.Patience = true, patience
	if len(s.Secrets) == 0 {
		s.Secrets = map[string]string{"password": ""}
	}
	st := &stage{t: t, settings: s, options: o, base: Base(customers)}
	d, can := st.open()
	system := connectortest.System{
		Driver: d, ID: ID, Secret: secret, Faults: []connectortest.Fault{connectortest.Slow, connectortest.Down},
		Reopen: func() connectors.Driver { d, _ := st.open(); return d },
		Inject: func(f connectortest.Fault) { fault := string(f); st.tell(d, plugin.Rehearsal{Fault: &fault}) },
		Written: func(what connectortest.Record, key string) (out []string) {
			for _, w := range st.tell(d, plugin.Rehearsal{}).GetWritten() {
				if w.What == string(what) && w.Key == key {
					out = append(out, join(w.Texts))
				}
			}
			return out
		},
		Close: st.close,
	}
	for _, f := range can.GetFaults() {
		system.Faults = append(system.Faults, connectortest.Fault(f))
	}
	for _, g := range can.GetGaps() {
		system.Gaps = append(system.Gaps, connectortest.Gap(g))
	}
	return system
}

// Base makes a customer base of the suite's customers.
func Base(customers []connectortest.Customer) *pb.CustomerBase {
	base := &pb.CustomerBase{}
	for _, c := range customers {
		record := &pb.Customer{Record: wire.FromCandidate(c.Candidate())}
		for _, b := range c.Business {
			record.Business = append(record.Business, &pb.Item{Title: b.Title, Open: b.Open})
		}
		base.Customers = append(base.Customers, record)
	}
	return base
}

func join(texts []string) string {
	out := ""
	for _, t := range texts {
		out += t + "\n"
	}
	return out
}

func (st *stage) open() (*plugin.Driver, *pb.RehearseResponse) {
	st.t.Helper()
	d, err := plugin.Open(st.t.Context(), ID, st.settings, secrets{}, st.options)
	if err != nil {
		st.t.Fatalf("the plug-in does not start: %v", err)
	}
	st.mu.Lock()
	st.opened = append(st.opened, d)
	st.mu.Unlock()
	return d, st.tell(d, plugin.Rehearsal{Base: st.base})
}

func (st *stage) tell(d *plugin.Driver, r plugin.Rehearsal) *pb.RehearseResponse {
	st.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(st.t.Context()), patience)
	defer cancel()
	answer, err := d.Rehearse(ctx, r)
	if err != nil {
		st.t.Fatalf("the plug-in does not rehearse: %v", err)
	}
	return answer
}

func (st *stage) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, d := range st.opened {
		_ = d.Close()
	}
	st.opened = nil
}
