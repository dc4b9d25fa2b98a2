package graph

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// Sizes of pages.
const (
	defaultPage = 20
	maxPage     = 100
	maxSearch   = 100 // characters
)

func pageSize(first *int) (int, error) {
	switch {
	case first == nil:
		return defaultPage, nil
	case *first < 1 || *first > maxPage:
		return 0, errs.Field("reading page", "first", "must be between 1 and 100")
	}
	return *first, nil
}

func searchText(s string) (string, error) {
	if utf8.RuneCountInString(s) > maxSearch {
		return "", errs.Field("searching", "search", "is longer than 100 characters")
	}
	return strings.TrimSpace(s), nil
}

func filterOf(f *model.InteractionFilter) interactions.Filter {
	var out interactions.Filter
	if f == nil {
		return out
	}
	if f.CustomerID != nil {
		out.CustomerID = customers.ID(*f.CustomerID)
	}
	if f.Number != nil {
		out.Number = *f.Number
	}
	if f.OperatorID != nil {
		out.OperatorID = *f.OperatorID
	}
	if f.QueueID != nil {
		out.QueueID = *f.QueueID
	}
	return out
}

// connection lists interactions that exist for the viewer, newest first.
func (r *Resolver) connection(ctx context.Context, f interactions.Filter, first *int, after *string) (*model.InteractionConnection, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	from := ""
	if after != nil {
		from = *after
	}
	page, err := r.core.History.List(ctx, v.restrict(f), limit, from)
	if err != nil {
		return nil, err
	}
	l := r.lens(ctx)
	m := &model.InteractionConnection{
		Edges: make([]*model.InteractionEdge, len(page.Items)), PageInfo: &model.PageInfo{HasNextPage: page.Next != ""},
	}
	for i := range page.Items {
		m.Edges[i] = &model.InteractionEdge{Node: l.interaction(&page.Items[i]), Cursor: page.Cursors[i]}
		m.PageInfo.EndCursor = &m.Edges[i].Cursor
	}
	return m, nil
}
