package graph

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/pult-cc/pult/internal/errs"
)

// Limits bound what one request, one connection and one session may cost. Zero values take the defaults named at each field.
type Limits struct {
	RequestBytes      int           // of one body or message: 64 KiB
	RequestTimeout    time.Duration // of one query or mutation: 10 s
	QueryTokens       int           // of one document: 600
	QueryDepth        int           // 12
	QueryComplexity   int           // fields, lists by their length: 20000
	SocketOperations  int           // at a time on one connection: 32
	SocketMailbox     int           // messages that wait for a slow browser: 1024
	SocketsPerSession int           // 32
}

func (l Limits) withDefaults() Limits {
	or := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&l.RequestBytes, 64<<10)
	or(&l.QueryTokens, 600)
	or(&l.QueryDepth, 12)
	or(&l.QueryComplexity, 20000)
	or(&l.SocketOperations, 32)
	or(&l.SocketMailbox, 1024)
	or(&l.SocketsPerSession, 32)
	if l.RequestTimeout <= 0 {
		l.RequestTimeout = 10 * time.Second
	}
	return l
}

const (
	// strangerTokens is enough to ask who one is and to sign in. Validation costs the square of the tokens, so strangers get few.
	strangerTokens = 200
	// maxRootFields bounds aliases at the top: one request must not be many.
	maxRootFields = 15
	// cachedDocuments and cachedDocument bound the memory of parsed documents, in number and bytes of one.
	cachedDocuments = 512
	cachedDocument  = 8 << 10
)

// guard refuses documents that cost too much or that the viewer may not ask, before anything is executed. It is an extension of
// gqlgen: tokens are counted before parsing, the rest is checked after validation.
type guard struct {
	schema        graphql.ExecutableSchema
	limits        Limits
	demo          bool
	introspection bool
}

var (
	_ graphql.HandlerExtension          = (*guard)(nil)
	_ graphql.OperationParameterMutator = (*guard)(nil)
	_ graphql.OperationContextMutator   = (*guard)(nil)
)

// ExtensionName implements graphql.HandlerExtension.
func (*guard) ExtensionName() string { return "Guard" }

// Validate implements graphql.HandlerExtension.
func (*guard) Validate(graphql.ExecutableSchema) error { return nil }

func refuse(err error) *gqlerror.Error { return gqlerror.WrapPath(nil, err) }

// MutateOperationParameters implements graphql.OperationParameterMutator.
func (g *guard) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	limit := g.limits.QueryTokens
	if _, ok := viewerOf(ctx); !ok && !g.introspection {
		limit = min(limit, strangerTokens)
	}
	lex := lexer.New(&ast.Source{Input: p.Query})
	for n := 0; ; n++ {
		t, err := lex.ReadToken()
		if err != nil || t.Kind == lexer.EOF {
			return nil // the parser words it better
		}
		if n >= limit {
			return refuse(errs.Ef(errs.Invalid, "reading document", "the document has more than %d tokens", limit))
		}
	}
}

// MutateOperationContext implements graphql.OperationContextMutator.
func (g *guard) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	const op = "checking operation"
	oc.DisableIntrospection = !g.introspection
	if d := depth(oc.Operation.SelectionSet, g.limits.QueryDepth+1); d > g.limits.QueryDepth {
		return refuse(errs.Ef(errs.Invalid, op, "the document is nested deeper than %d", g.limits.QueryDepth))
	}
	root := map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation", ast.Subscription: "Subscription"}[oc.Operation.Operation]
	fields := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{root})
	if len(fields) > maxRootFields {
		return refuse(errs.Ef(errs.Invalid, op, "more than %d fields at the top", maxRootFields))
	}
	if err := g.admitAll(ctx, root, fields); err != nil {
		return refuse(err)
	}
	if n := complexity.Calculate(ctx, g.schema, oc.Operation, oc.Variables); n > g.limits.QueryComplexity {
		return refuse(errs.Ef(errs.Invalid, op, "the operation costs %d, more than %d", n, g.limits.QueryComplexity))
	}
	return nil
}

// admitAll checks that every field at the top may be asked.
func (g *guard) admitAll(ctx context.Context, root string, fields []graphql.CollectedField) error {
	const op = "checking operation"
	signIns := 0
	for _, f := range fields {
		switch f.Name {
		case "__typename":
			continue
		case "__schema", "__type":
			if g.introspection {
				continue
			}
			return errs.E(errs.Forbidden, op, "introspection is off")
		case "signIn":
			if signIns++; signIns > 1 {
				return errs.E(errs.Invalid, op, "one sign-in a request")
			}
		}
		if err := admit(ctx, root+"."+f.Name, g.demo); err != nil {
			return err
		}
	}
	return nil
}

// depth returns how deep a selection is nested, at most limit. Validation has refused circles of fragments.
func depth(sel ast.SelectionSet, limit int) int {
	deepest := 0
	for _, s := range sel {
		d := 0
		switch s := s.(type) {
		case *ast.Field:
			d = 1
			if limit > 1 && len(s.SelectionSet) > 0 {
				d += depth(s.SelectionSet, limit-1)
			}
		case *ast.InlineFragment:
			d = depth(s.SelectionSet, limit)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				d = depth(s.Definition.SelectionSet, limit)
			}
		}
		if deepest = max(deepest, d); deepest >= limit {
			return limit
		}
	}
	return deepest
}

// documents keeps the parsed documents used last, but large ones: what strangers invent must not fill memory. Its methods may be
// called concurrently.
type documents struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *document, the one used last in front
}

type document struct {
	query string
	doc   *ast.QueryDocument
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

func newDocuments() *documents {
	return &documents{byKey: map[string]*list.Element{}, order: list.New()}
}

// Get implements graphql.Cache.
func (d *documents) Get(_ context.Context, query string) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.byKey[query]
	if !ok {
		return nil, false
	}
	d.order.MoveToFront(e)
	return e.Value.(*document).doc, true
}

// Add implements graphql.Cache.
func (d *documents) Add(_ context.Context, query string, doc *ast.QueryDocument) {
	if len(query) > cachedDocument {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.byKey[query]; ok {
		return
	}
	d.byKey[query] = d.order.PushFront(&document{query, doc})
	if d.order.Len() > cachedDocuments {
		last := d.order.Back()
		d.order.Remove(last)
		delete(d.byKey, last.Value.(*document).query)
	}
}
