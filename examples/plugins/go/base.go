package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/sdk"
)

// customer is a record of the base.
type customer struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"` // PERSON, COMPANY
	Name    string   `json:"name"`
	Company string   `json:"company"`
	Phones  []string `json:"phones"`
	TaxID   string   `json:"tax_id"`
	Manager string   `json:"manager"`
	Deleted bool     `json:"deleted"`
}

// base is the driver. Its methods are the capabilities: one that is not there is one that the plug-in does not have.
type base struct {
	connector string
	read      func(context.Context) ([]customer, error)

	mu    sync.Mutex
	calls string          // file
	log   map[string]call // by key
	live  map[string]live // calls that go on, by key
}

// live is a call that goes on, and at whom its card is open. A real system would keep both, and tell its pages.
type live struct {
	customer string
	at       map[string]bool // agents, by id
}

type call struct {
	Customer string    `json:"customer"`
	Started  time.Time `json:"started"`
	Comment  string    `json:"comment"`
	Outcome  string    `json:"outcome"`
}

const recordType = "customer"

func (b *base) candidate(c customer) connectors.Candidate {
	out := connectors.Candidate{
		Ref:  connectors.Ref{Connector: b.connector, Type: recordType, ID: c.ID},
		Kind: connectors.Kind(c.Kind), Name: c.Name, Company: c.Company, TaxID: c.TaxID, Owner: connectors.Person{Name: c.Manager},
		Deleted: c.Deleted,
	}
	for _, p := range c.Phones {
		out.Phones = append(out.Phones, connectors.Phone{Raw: p})
	}
	return out
}

// pick returns the records that fit, at most limit.
func (b *base) pick(ctx context.Context, limit int, fits func(customer) bool) ([]connectors.Candidate, error) {
	all, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 20
	}
	var found []connectors.Candidate
	for _, c := range all {
		if fits(c) && len(found) < limit {
			found = append(found, b.candidate(c))
		}
	}
	return found, nil
}

// Lookup is generous: the last seven digits have to be somewhere in a phone. Pult verifies.
func (b *base) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	number := digits(q.National)
	if number == "" {
		return nil, nil
	}
	return b.pick(ctx, q.Limit, func(c customer) bool { return hasNumber(c, number[max(0, len(number)-7):]) })
}

// Search finds the words of a text in a name, or its digits in a phone.
func (b *base) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	words, number := strings.Fields(strings.ToLower(text)), digits(text)
	if len(words) == 0 {
		return nil, nil
	}
	if len(number) == 11 { // 8 or +7 before a Russian number
		number = number[1:]
	}
	return b.pick(ctx, limit, func(c customer) bool {
		if len(number) >= 4 && hasNumber(c, number) {
			return true
		}
		hay := strings.ToLower(c.Name + " " + c.Company)
		for _, w := range words {
			if !strings.Contains(hay, w) {
				return false
			}
		}
		return true
	})
}

// Get returns one record.
func (b *base) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	found, err := b.pick(ctx, 1, func(c customer) bool { return ref.Type == recordType && ref.ID != "" && c.ID == ref.ID })
	if err != nil {
		return connectors.Candidate{}, err
	}
	if len(found) == 0 {
		return connectors.Candidate{}, sdk.Error(sdk.NotFound, "there is no such customer", nil)
	}
	return found[0], nil
}

// Index pages through the base. The cursor is a position: records are only ever added at the end of the file.
func (b *base) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	from := 0
	if cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 0 {
			return connectors.Page{}, sdk.Error(sdk.Invalid, "the cursor is not one of ours", err)
		}
		from = n
	}
	all, err := b.read(ctx)
	if err != nil {
		return connectors.Page{}, err
	}
	if limit <= 0 {
		limit = 500
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	var page connectors.Page
	for _, c := range all[from:to] {
		page.Candidates = append(page.Candidates, b.candidate(c))
	}
	if to < len(all) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

// Check tells whether the base is there.
func (b *base) Check(ctx context.Context) (connectors.Health, error) {
	began := time.Now()
	_, err := b.read(ctx)
	return connectors.Health{Version: "file", Latency: time.Since(began)}, err
}

// LogCall keeps a call. The key makes it the same record however often Pult sends it.
func (b *base) LogCall(ctx context.Context, c connectors.CallRecord) (connectors.Ref, error) {
	if _, err := b.read(ctx); err != nil { // where nobody can be looked up, nothing is written either
		return connectors.Ref{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log == nil {
		b.log = map[string]call{}
		if text, err := os.ReadFile(b.calls); err == nil {
			if err := json.Unmarshal(text, &b.log); err != nil {
				return connectors.Ref{}, sdk.Error(sdk.Unavailable, "the file of calls is not JSON", err)
			}
		}
	}
	delete(b.live, c.Key) // its cards go with it
	b.log[c.Key] = call{Customer: c.Customer.ID, Started: c.StartedAt, Comment: c.Comment, Outcome: string(c.Outcome)}
	if b.calls != "" {
		text, err := json.MarshalIndent(b.log, "", "  ")
		if err == nil {
			err = os.WriteFile(b.calls, text, 0o600)
		}
		if err != nil {
			return connectors.Ref{}, sdk.Error(sdk.Unavailable, "the call could not be written", err)
		}
	}
	return connectors.Ref{Connector: b.connector, Type: "call", ID: c.Key}, nil
}

// AnnounceCall notes a call that goes on. What it returns comes back with ShowCall and LogCall.
func (b *base) AnnounceCall(ctx context.Context, c connectors.LiveCall) (connectors.Ref, error) {
	if _, err := b.read(ctx); err != nil {
		return connectors.Ref{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live == nil {
		b.live = map[string]live{}
	}
	if _, again := b.live[c.Key]; !again {
		b.live[c.Key] = live{c.Customer.ID, map[string]bool{}}
	}
	return connectors.Ref{Connector: b.connector, Type: "live", ID: c.Key}, nil
}

// ShowCall opens or closes the card of a call at somebody. One that is over, or was never announced, has none.
func (b *base) ShowCall(ctx context.Context, c connectors.Card) error {
	if _, err := b.read(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, goesOn := b.live[c.Call.ID]; goesOn && c.Away {
		delete(l.at, c.Agent.ID)
	} else if goesOn {
		l.at[c.Agent.ID] = true
	}
	return nil
}

func hasNumber(c customer, number string) bool {
	for _, p := range c.Phones {
		if strings.Contains(digits(p), number) {
			return true
		}
	}
	return false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
