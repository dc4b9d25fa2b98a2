package graph

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/pult-cc/pult/graph/generated"
)

// The web application's own operations must be valid and well within the limits: one that is refused is a dead button.
func TestOperationsOfTheWebAppFitTheLimits(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{Complexity: complexityOf()})
	limits := Limits{}.withDefaults()
	all := readWebApp(t)
	operations := 0
	for _, op := range all.Operations {
		operations++
		doc := &ast.QueryDocument{Operations: ast.OperationList{op}}
		collectFragments(all, doc, op.SelectionSet)
		text := &strings.Builder{}
		formatter.NewFormatter(text).FormatQueryDocument(withTypenames(doc))
		tokens := countTokens(t, text.String())
		parsed, err := parser.ParseQuery(&ast.Source{Input: text.String()})
		if err != nil {
			t.Fatalf("%s: %v", op.Name, err)
		}
		if list := validator.ValidateWithRules(schema.Schema(), parsed, rules.NewDefaultRules()); len(list) > 0 {
			t.Errorf("%s does not fit the schema: %v", op.Name, list)
			continue
		}
		cost := complexity.Calculate(t.Context(), schema, parsed.Operations[0], map[string]any{"first": 100})
		deep := depth(parsed.Operations[0].SelectionSet, 100)
		t.Logf("%s: %d tokens, depth %d, complexity %d", op.Name, tokens, deep, cost)
		limit := limits.QueryTokens
		if op.Name == "Viewer" || op.Name == "SignIn" {
			limit = strangerTokens
		}
		if tokens > limit*3/4 || deep > limits.QueryDepth || cost > limits.QueryComplexity {
			t.Errorf("%s is near the limits: %d tokens of %d, depth %d, complexity %d", op.Name, tokens, limit, deep, cost)
		}
	}
	if operations < 20 {
		t.Errorf("only %d operations found", operations)
	}
}

// description is one of an operation (GraphQL of September 2025); the client sends none.
var description = regexp.MustCompile(`(?m)^"[^"\n]*"$`)

func readWebApp(t *testing.T) *ast.QueryDocument {
	t.Helper()
	all := &ast.QueryDocument{}
	err := filepath.WalkDir("../webapp/src", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".graphql" {
			return err
		}
		b, err := os.ReadFile(path) //nolint:gosec // of this repository
		if err != nil {
			return err
		}
		doc, err := parser.ParseQuery(&ast.Source{Name: path, Input: description.ReplaceAllString(string(b), "")})
		if err != nil {
			return err
		}
		all.Operations = append(all.Operations, doc.Operations...)
		all.Fragments = append(all.Fragments, doc.Fragments...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// collectFragments adds the fragments that a selection needs.
func collectFragments(all, into *ast.QueryDocument, sel ast.SelectionSet) {
	for _, s := range sel {
		switch s := s.(type) {
		case *ast.Field:
			collectFragments(all, into, s.SelectionSet)
		case *ast.InlineFragment:
			collectFragments(all, into, s.SelectionSet)
		case *ast.FragmentSpread:
			if f := all.Fragments.ForName(s.Name); f != nil && into.Fragments.ForName(s.Name) == nil {
				into.Fragments = append(into.Fragments, f)
				collectFragments(all, into, f.SelectionSet)
			}
		}
	}
}

// withTypenames asks for __typename in every selection, as the web application's client does.
func withTypenames(doc *ast.QueryDocument) *ast.QueryDocument {
	var add func(sel ast.SelectionSet) ast.SelectionSet
	add = func(sel ast.SelectionSet) ast.SelectionSet {
		for _, s := range sel {
			switch s := s.(type) {
			case *ast.Field:
				if len(s.SelectionSet) > 0 {
					s.SelectionSet = add(s.SelectionSet)
				}
			case *ast.InlineFragment:
				s.SelectionSet = add(s.SelectionSet)
			}
		}
		if len(sel) > 0 {
			if f, ok := sel[len(sel)-1].(*ast.Field); ok && f.Name == "__typename" {
				return sel
			}
		}
		return append(sel, &ast.Field{Name: "__typename", Alias: "__typename"})
	}
	for _, op := range doc.Operations {
		for _, s := range op.SelectionSet { // the client adds none at the top
			if f, ok := s.(*ast.Field); ok && len(f.SelectionSet) > 0 {
				f.SelectionSet = add(f.SelectionSet)
			}
		}
	}
	for _, f := range doc.Fragments {
		f.SelectionSet = add(f.SelectionSet)
	}
	return doc
}

func countTokens(t *testing.T, text string) int {
	t.Helper()
	lex := lexer.New(&ast.Source{Input: text})
	for n := 0; ; n++ {
		tok, err := lex.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == lexer.EOF {
			return n
		}
	}
}
