package scalar

import (
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Object stands in generated code for graphql.FieldSet where no field of an object is read beside the others or sent later. A FieldSet
// keeps a copy of each field and a map of those written, for every object of every message.
type Object struct {
	fields   []graphql.CollectedField
	Values   []graphql.Marshaler // by field
	Invalids uint32              // fields that are null and must not be
}

// NewObject returns an object of these fields, whose values are to come.
func NewObject(fields []graphql.CollectedField) *Object {
	return &Object{fields: fields, Values: make([]graphql.Marshaler, len(fields))}
}

// MarshalGQL implements graphql.Marshaler. Of fields under one name, which fragments for an interface and for its implementation can ask
// for, the first counts.
func (o *Object) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, "{")
	for i := range o.fields {
		name := o.fields[i].Alias
		if slices.ContainsFunc(o.fields[:i], func(f graphql.CollectedField) bool { return f.Alias == name }) {
			continue
		}
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		_, _ = io.WriteString(w, `"`)
		_, _ = io.WriteString(w, name) // letters, digits and low lines
		_, _ = io.WriteString(w, `":`)
		o.Values[i].MarshalGQL(w)
	}
	_, _ = io.WriteString(w, "}")
}
