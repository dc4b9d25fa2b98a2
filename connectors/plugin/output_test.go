package plugin

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestLinesOfTwoStreamsDoNotMix(t *testing.T) {
	var log bytes.Buffer
	l := slog.New(slog.NewTextHandler(&log, nil))
	clean := &cleaner{}
	out, err := newOutput(l, clean), newOutput(l, clean)
	for _, p := range []struct {
		o    *output
		text string
	}{{out, "half a "}, {err, "an error\n"}, {out, "line\nand a rest"}} {
		if _, werr := fmt.Fprint(p.o, p.text); werr != nil {
			t.Fatal(werr)
		}
	}
	out.end()
	for _, want := range []string{"plug-in: half a line", "plug-in: an error", "plug-in: and a rest"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}

func TestAPlugInThatWritesTooMuchIsCutShort(t *testing.T) {
	var log bytes.Buffer
	o := newOutput(slog.New(slog.NewTextHandler(&log, nil)), &cleaner{})
	for range 10 * linesBurst {
		if _, err := fmt.Fprintln(o, "noise"); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "noise"); n < linesBurst || n > 2*linesBurst || o.dropped == 0 {
		t.Errorf("%d lines of %d are in the log, %d dropped", n, 10*linesBurst, o.dropped)
	}
	if _, err := fmt.Fprint(o, strings.Repeat("x", 100*maxText)); err != nil || len(o.rest) > 4*maxText {
		t.Errorf("%d bytes of a line that never ends are kept, %v", len(o.rest), err)
	}
}
