package sqltable

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/table"
	"github.com/pult-cc/pult/internal/errs"
)

// The capabilities, each a type of its own: a driver without the query has not the method either.
type (
	getter   struct{ *Driver }
	searcher struct{ *Driver }
	indexer  struct{ *Driver }
	lister   struct{ *Driver }
)

// As implements connectors.Partial.
func (d *Driver) As(target any) bool {
	has := func(name string) bool { return d.queries[name].text != "" }
	switch t := target.(type) {
	case *connectors.Checker:
		*t = d
		return true
	case *io.Closer:
		*t = d
		return true
	case *connectors.Getter:
		*t = getter{d}
		return has("get")
	case *connectors.Searcher:
		*t = searcher{d}
		return has("search")
	case *connectors.Indexer:
		*t = indexer{d}
		return has("index")
	case *connectors.AgentLister:
		*t = lister{d}
		return has("agents")
	}
	return false
}

// Get implements connectors.Getter.
func (d getter) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	const op = "getting record from the database"
	none := errs.E(errs.NotFound, op, "there is no such record")
	if ref.Connector != d.shape.Connector || ref.ID == "" {
		return connectors.Candidate{}, none
	}
	found, err := d.candidates(ctx, op, "get", map[string]any{"type": ref.Type, "id": ref.ID})
	if err != nil {
		return connectors.Candidate{}, err
	}
	for _, c := range found {
		if c.Ref == ref {
			return c, nil
		}
	}
	return connectors.Candidate{}, none
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Search implements connectors.Searcher. :pattern is the words with a wildcard around each, :digits and :spread are null unless the
// text is a number.
func (d searcher) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	const op = "searching the database"
	words := strings.Fields(strings.ReplaceAll(text, "\x00", " "))
	if len(words) == 0 {
		return nil, nil
	}
	values := map[string]any{
		"text": strings.Join(words, " "), "pattern": "%" + likeEscape.Replace(strings.Join(words, " ")) + "%", "digits": nil, "spread": nil,
		"limit": rowsAsked,
	}
	if digits, ok := number.Typed(text); ok {
		values["digits"], values["spread"] = digits, number.Spread(digits)
	}
	found, err := d.candidates(ctx, op, "search", values)
	if err != nil {
		return nil, err
	}
	out := []connectors.Candidate{}
	for _, c := range found {
		if !c.Deleted && len(out) < max(1, limit) {
			out = append(out, c)
		}
	}
	return out, nil
}

// cursorPrefix begins a cursor; what follows is the last id.
const cursorPrefix = "after:"

// Index implements connectors.Indexer. The query is given the last id, or null, and orders by id.
func (d indexer) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	const op = "listing customers of the database"
	if limit <= 0 || limit > d.page {
		limit = d.page
	}
	var after any
	if cursor != "" {
		last, ok := strings.CutPrefix(cursor, cursorPrefix)
		if !ok || strings.ContainsRune(last, 0) {
			return connectors.Page{}, errs.E(errs.Invalid, op, "no such cursor")
		}
		after = last
	}
	// A record may have many rows. The last one of a full page may have more to come, so it is left for the next.
	for rows := limit; ; rows *= 4 {
		collected, count := table.New(d.shape), 0
		err := d.ask(ctx, op, "index", map[string]any{"after": after, "limit": rows}, func(row map[string]string) error {
			count++
			return collected.Add(row)
		})
		if err != nil {
			return connectors.Page{}, err
		}
		found := collected.Candidates()
		if count < rows {
			return connectors.Page{Candidates: found}, nil
		}
		if len(found) > 1 {
			kept := found[:len(found)-1]
			return connectors.Page{Candidates: kept, Next: cursorPrefix + kept[len(kept)-1].Ref.ID}, nil
		}
		if rows > 1<<20 {
			return connectors.Page{}, errs.E(errs.Invalid, op, "query index does not order by id, or a record has a million rows")
		}
	}
}

// Agents implements connectors.AgentLister: columns id, login, name, extension, email.
func (d lister) Agents(ctx context.Context) ([]connectors.Agent, error) {
	var out []connectors.Agent
	err := d.ask(ctx, "listing people of the database", "agents", nil, func(row map[string]string) error {
		if row["id"] == "" || row["name"] == "" {
			return errors.New("columns id and name are required")
		}
		out = append(out, connectors.Agent{ID: row["id"], Login: row["login"], Name: row["name"], Extension: row["extension"], Email: row["email"]})
		return nil
	})
	return out, err
}

func asMySQL(err error, target **mysql.MySQLError) bool { return errors.As(err, target) }
