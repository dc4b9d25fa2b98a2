package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// Notes are the one thing of a live call that is not in memory. They are read for all calls of a response in one statement, and
// only when the operation asks for them.

// noteFields are the fields of Interaction that need the notes.
var noteFields = []string{"topic", "tags", "comment", "commentSavedAt"}

// wantsNotes tells whether a selection of calls asks for notes. path leads from the selections to the call; each step names the field
// and the types whose selections it may stand in.
func wantsNotes(ctx context.Context, sel ast.SelectionSet, path ...step) bool {
	op := graphql.GetOperationContext(ctx)
	path = append(slices.Clone(path), step{"interaction", []string{"Call", "Node"}})
	for _, s := range path {
		sel = descend(op, sel, s)
	}
	for _, f := range graphql.CollectFields(op, sel, []string{"Interaction", "Node"}) {
		if slices.Contains(noteFields, f.Name) {
			return true
		}
	}
	return false
}

type step struct {
	field string
	types []string
}

func descend(op *graphql.OperationContext, sel ast.SelectionSet, s step) ast.SelectionSet {
	var out ast.SelectionSet
	for _, f := range graphql.CollectFields(op, sel, s.types) {
		if f.Name == s.field {
			out = append(out, f.Selections...)
		}
	}
	return out
}

// selection returns what is selected below the field being resolved.
func selection(ctx context.Context) ast.SelectionSet {
	return graphql.GetFieldContext(ctx).Field.Selections
}

// notesOf reads the notes of the calls in one statement.
func (r *Resolver) notesOf(ctx context.Context, cs []calls.Call) (map[string]*interactions.Notes, error) {
	if len(cs) == 0 {
		return nil, nil //nolint:nilnil // an empty map
	}
	ids := make([]string, len(cs))
	for i := range cs {
		ids[i] = string(cs[i].ID)
	}
	rows, err := r.core.History.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*interactions.Notes, len(rows))
	for i := range rows {
		out[rows[i].ID] = &rows[i].Notes
	}
	return out, nil
}

// callModels converts calls for a field whose selections lead to a call by path.
func (r *Resolver) callModels(ctx context.Context, cs []calls.Call, path ...step) ([]*model.Call, error) {
	var notes map[string]*interactions.Notes
	if wantsNotes(ctx, selection(ctx), path...) {
		var err error
		if notes, err = r.notesOf(ctx, cs); err != nil {
			return nil, err
		}
	}
	l := r.lens(ctx)
	out := make([]*model.Call, len(cs))
	for i := range cs {
		out[i] = l.call(&cs[i], notes[string(cs[i].ID)])
	}
	return out, nil
}

// callModel converts one call.
func (r *Resolver) callModel(ctx context.Context, c calls.Call, path ...step) (*model.Call, error) {
	ms, err := r.callModels(ctx, []calls.Call{c}, path...)
	if err != nil {
		return nil, err
	}
	return ms[0], nil
}
