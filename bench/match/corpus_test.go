package main

import (
	"reflect"
	"testing"
)

// The seed of the command is another one: what a matcher would have to be tuned to is not what it is measured by.
const testSeed = 7

func TestTheCorpusIsWhatItSays(t *testing.T) {
	b := generate(testSeed, 20_000, 3000)
	if !reflect.DeepEqual(b, generate(testSeed, 20_000, 3000)) {
		t.Error("the same seed makes another base")
	}
	kinds, seen := map[kind]int{}, map[string]int{}
	for _, c := range b.calls {
		kinds[c.kind]++
		seen[c.class]++
		if (c.kind == unknown) != (len(c.owners) == 0) || (c.kind == ambiguous) != (len(c.owners) > 1) {
			t.Errorf("%+v", c)
		}
	}
	for _, k := range []kind{single, person, ambiguous, unknown, lost} {
		if kinds[k] < 20 {
			t.Errorf("%d calls of %q", kinds[k], k)
		}
	}
	for _, c := range classes {
		if seen[c.name] == 0 {
			t.Errorf("no call of class %q", c.name)
		}
	}
}

func TestCallersAreLinkedRightly(t *testing.T) {
	fromIndex, live, err := answers(t.Context(), generate(testSeed, 20_000, 3000))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]verdict{"from the index": fromIndex, "from the system": live} {
		if v.pct() < 99 || v.wrong > 0 || v.hidden > 0 {
			v.print(t.Output(), name)
			t.Errorf("%s: %.2f %% linked, %d wrong, %d of %d ambiguous ones not shown so", name, v.pct(), v.wrong, v.hidden, v.ambiguous)
		}
	}
}

// The judge sees what is wrong, else its verdict is worth nothing.
func TestTheJudgeSeesMistakes(t *testing.T) {
	b := generate(testSeed, 3000, 1000)
	for i := range b.calls {
		if b.calls[i].kind != unknown {
			b.calls[i].owners = []string{"somebody else", "and another"}
		}
	}
	_, live, err := answers(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if live.linked != 0 || live.wrong < live.resolvable*9/10 || live.hidden != live.ambiguous || live.ambiguous == 0 {
		t.Errorf("%+v", live)
	}
}
