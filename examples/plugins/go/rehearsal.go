package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/sdk"
)

// rehearse makes a base in memory for `pult connector test`. A connector to a real system would start a simulator of it here, or
// have no rehearsal: then the part of the suite runs that a real system allows.
func rehearse(connector string) (sdk.Stage, error) {
	s := &stage{}
	b := &base{connector: connector, read: s.read}
	return sdk.Stage{
		Driver: b, Set: s.set, Suffer: s.suffer, Written: b.written,
		Faults: slices.DeleteFunc(slices.Sorted(maps.Keys(faults)), func(name string) bool { return name == "down" }),
	}, nil
}

// stage is the file of customers, in memory, with trouble on demand.
type stage struct {
	mu    sync.Mutex
	all   []customer
	fault string
}

func (s *stage) read(ctx context.Context) ([]customer, error) {
	s.mu.Lock()
	all, fault := s.all, s.fault
	s.mu.Unlock()
	if fault == "slow" {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Minute):
		}
	}
	return all, faults[fault]
}

func (s *stage) set(customers []sdk.Customer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
	for i, c := range customers {
		record := customer{
			ID: strconv.Itoa(i + 1), Kind: string(c.Kind), Name: c.Name, Company: c.Company, TaxID: c.TaxID, Manager: c.Owner.Name,
			Deleted: c.Deleted,
		}
		for _, p := range c.Phones {
			record.Phones = append(record.Phones, p.Raw)
		}
		s.all = append(s.all, record)
	}
}

func (s *stage) suffer(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// written tells which calls were logged, and which cards are open: one record for each person.
func (b *base) written() []sdk.Written {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []sdk.Written
	for key, c := range b.log {
		out = append(out, sdk.Written{What: "call", Key: key, Texts: []string{c.Customer, c.Comment}})
	}
	for key, l := range b.live {
		for agent := range l.at {
			out = append(out, sdk.Written{What: "card", Key: key, Texts: []string{l.customer, agent}})
		}
	}
	return out
}

// faults is what answers of a web service would be turned into.
var faults = map[string]error{
	"down":                   sdk.Error(sdk.Unavailable, "the base cannot be reached", errors.New("connection refused")),
	"401":                    sdk.Error(sdk.Unauthenticated, "the base refuses the password", nil),
	"403":                    sdk.Error(sdk.Unauthenticated, "the account is locked", nil),
	"429 with Retry-After 7": sdk.Error(sdk.RateLimited, "the base asks for fewer requests", &connectors.RetryAfter{After: 7 * time.Second}),
	"500 of a business rule": sdk.Error(sdk.Rejected, "a rule of the base refused", nil),
	"502":                    sdk.Error(sdk.Unavailable, "the base is not behind its gateway", nil),
}
