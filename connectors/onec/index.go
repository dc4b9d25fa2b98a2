package onec

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// The interface has no feed of changes, so everybody is read: set after set, ordered by key, with $top and $skip. $skip counts
// records, and a record that disappears while pages are read (mostly because it is marked for deletion) moves all behind it forward:
// one of them would never be seen. So every page begins a few records before the end of the last one and is cut behind the last
// record that was seen; a greater-than on keys would be simpler, but no source tells that 1C compares GUIDs, and in which order.

const (
	indexPage    = 500 // records a request: with their contact information some hundred kilobytes
	indexOverlap = 20
	indexAnchors = 3 // of the last records so many are remembered, because one may go itself
)

// place is what a cursor says: the set, how many of its records were before it, and the last of them, latest last.
type place struct {
	source int
	read   int
	last   []string
}

func (d *Driver) cursor(p place) string {
	return strings.Join([]string{strconv.Itoa(p.source), d.sources[p.source].Entity, strconv.Itoa(p.read), strings.Join(p.last, ",")}, "|")
}

func (d *Driver) placeOf(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	invalid := errs.E(errs.Invalid, "listing records of 1C", "the cursor does not fit this configuration")
	parts := strings.Split(cursor, "|")
	if len(parts) != 4 {
		return place{}, invalid
	}
	p := place{}
	var err1, err2 error
	p.source, err1 = strconv.Atoi(parts[0])
	p.read, err2 = strconv.Atoi(parts[2])
	if err1 != nil || err2 != nil || p.source < 0 || p.source >= len(d.sources) || d.sources[p.source].Entity != parts[1] || p.read < 0 {
		return place{}, invalid
	}
	if p.read > 0 || parts[3] != "" {
		p.last = strings.Split(parts[3], ",")
	}
	if (p.read > 0) != (len(p.last) > 0) || slices.ContainsFunc(p.last, func(key string) bool { return !guidForm.MatchString(key) }) {
		return place{}, invalid
	}
	return p, nil
}

// Index implements connectors.Indexer. Records marked for deletion are not listed.
func (d *Driver) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	const op = "listing records of 1C"
	at, err := d.placeOf(cursor)
	if err != nil {
		return connectors.Page{}, err
	}
	if err := d.learnLabels(ctx, op); err != nil {
		return connectors.Page{}, err
	}
	if limit <= 0 || limit > indexPage {
		limit = indexPage
	}
	for {
		records, next, err := d.recordsAfter(ctx, op, at, limit)
		if err != nil {
			return connectors.Page{}, err
		}
		page := connectors.Page{}
		s := d.sources[at.source]
		for _, r := range records {
			if c := d.candidate(s, r); c.Ref.ID != "" && !c.Deleted && len(c.Phones) > 0 {
				page.Candidates = append(page.Candidates, c)
			}
		}
		if next == nil {
			if at.source+1 == len(d.sources) {
				return page, nil
			}
			next = &place{source: at.source + 1}
		}
		at = *next
		if len(page.Candidates) > 0 {
			page.Next = d.cursor(at)
			return page, nil
		}
	}
}

// recordsAfter reads the records behind a place and the place behind them; nil when there are no more in the set. An answer that is
// too long is asked for again in halves.
func (d *Driver) recordsAfter(ctx context.Context, op string, at place, limit int) ([]record, *place, error) {
	s := d.sources[at.source]
	back, wide := min(indexOverlap, at.read), false
	for {
		q := query{
			entity: s.Entity, sel: s.selection(), filter: "DeletionMark eq false", order: "Ref_Key", skip: at.read - back, top: back + limit,
		}
		found, err := d.client.list(ctx, op, q)
		if errors.Is(err, web.ErrTooLong) && limit > 1 {
			limit = max(1, limit/2)
			back = min(back, limit)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		full, behind := len(found) == q.top, q.skip+len(found)
		if at.read > 0 {
			seen := anchorIn(found, at.last)
			switch {
			case seen < 0 && q.skip > 0 && !wide: // more have gone than expected: they are further in front
				wide, back = true, min(max(limit, 10*indexOverlap), at.read)
				continue
			case seen < 0 && q.skip > 0: // nothing of what was seen is left here: begin the set anew
				at, back = place{source: at.source}, 0
				continue
			}
			found = found[seen+1:]
		}
		if !full {
			return found, nil, nil
		}
		next := &place{source: at.source, read: behind, last: at.last}
		for _, r := range found[max(0, len(found)-indexAnchors):] {
			next.last = append(next.last[:len(next.last):len(next.last)], strings.ToLower(r.str("Ref_Key")))
		}
		next.last = next.last[max(0, len(next.last)-indexAnchors):]
		return found, next, nil
	}
}

// anchorIn returns where the latest of the anchors is among the records; -1 when none is there.
func anchorIn(found []record, anchors []string) int {
	for i := len(found) - 1; i >= 0; i-- {
		if slices.Contains(anchors, strings.ToLower(found[i].str("Ref_Key"))) {
			return i
		}
	}
	return -1
}
