package graph

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

func TestMemoAsksOnceInAWhileAndServesTheStaleAnswer(t *testing.T) {
	now, asked := testNow, 0
	m := newMemo[int](func() time.Time { return now })
	var broken error
	get := func() (int, error) {
		return m.get(t.Context(), func(context.Context) (int, error) {
			asked++
			return asked, broken
		})
	}
	broken = errors.New("away")
	if _, err := get(); err == nil {
		t.Fatal("without any answer there is no error")
	}
	broken = nil
	for range 3 {
		if v, err := get(); err != nil || v != 2 {
			t.Fatalf("get = %d, %v", v, err)
		}
	}
	now, broken = now.Add(memoFor), errors.New("away")
	for range 3 {
		if v, err := get(); err != nil || v != 2 {
			t.Fatalf("with the source away get = %d, %v", v, err)
		}
	}
	if asked != 3 {
		t.Fatalf("asked %d times, want 3", asked)
	}
	now, broken = now.Add(memoFor), nil
	started, release := make(chan struct{}), make(chan struct{})
	done := make(chan int)
	go func() {
		v, err := m.get(t.Context(), func(context.Context) (int, error) {
			close(started)
			<-release
			return 9, nil
		})
		if err != nil {
			v = -1
		}
		done <- v
	}()
	<-started
	if v, err := get(); err != nil || v != 2 { // while another asks
		t.Fatalf("meanwhile get = %d, %v", v, err)
	}
	close(release)
	if v := <-done; v != 9 {
		t.Fatalf("who asked gets %d", v)
	}
}

func TestDocumentsKeepWhatWasUsedLast(t *testing.T) {
	d, ctx := newDocuments(), t.Context()
	doc := &ast.QueryDocument{}
	d.Add(ctx, "used", doc)
	for i := range 2 * cachedDocuments {
		d.Add(ctx, fmt.Sprint(i), doc)
		if _, ok := d.Get(ctx, "used"); !ok {
			t.Fatal("a document in use was forgotten")
		}
	}
	if _, ok := d.Get(ctx, "0"); ok || len(d.byKey) != cachedDocuments || d.order.Len() != cachedDocuments {
		t.Fatalf("%d documents are kept", len(d.byKey))
	}
	d.Add(ctx, string(make([]byte, cachedDocument+1)), doc)
	if len(d.byKey) != cachedDocuments {
		t.Fatal("a large document is kept")
	}
}
