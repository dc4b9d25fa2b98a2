package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/astconf"
)

func TestJudgeDialplan(t *testing.T) {
	const ok = "ok "
	for name, tc := range map[string]struct{ text, want string }{
		"one line and a queue behind":     {"exten => support,1,Stasis(pult,queue,support)\n same => n,Queue(support)", ok + "x:2"},
		"numbers instead of n":            {"exten => 100,2,Queue(q)\nexten => 100,1,Stasis(pult,queue,support)", ok + "x:3"},
		"spaces and labels":               {"exten = 100, 1 , Stasis( pult , queue , support )\nsame = n(later),Voicemail(1)", ok + "x:2"},
		"the extension is the queue":      {"exten => support,1,Stasis(pult,queue,${EXTEN})\n same => n,Queue(q)", ok + "x:2"},
		"a caller's number in the name":   {"exten => support/7916,1,Stasis(pult,queue,${EXTEN})\n same => n,Queue(q)", ok + "x:2"},
		"a pattern is no queue":           {"exten => _X.,1,Stasis(pult,queue,${EXTEN})\n same => n,Queue(q)", ok + "perhaps: the queue's name comes from a variable at x:2"},
		"two halves of a context":         {"exten => s,1,Stasis(pult,queue,support)\n[inbound](+)\nexten => s,2,Queue(q)", ok + "x:2"},
		"a context twice":                 {"exten => s,1,Stasis(pult,queue,support)\n[inbound]\nexten => s,2,Queue(q)", ok + "x:2"},
		"another context's second step":   {"exten => s,1,Stasis(pult,queue,support)\n[other]\nexten => s,2,Queue(q)", "x:2: nothing stands behind"},
		"a hint is no step":               {"exten => s,1,Stasis(pult,queue,support)\nexten => s,hint,PJSIP/1", "x:2: nothing stands behind"},
		"the step before is not behind":   {"exten => s,1,Answer()\n same => n,Stasis(pult,queue,support)", "x:3: nothing stands behind"},
		"good once, bad once":             {"exten => a,1,Stasis(pult,queue,support)\n same => n,Queue(q)\nexten => b,1,Stasis(pult,queue,support)", "x:4: nothing stands behind"},
		"hung up":                         {"exten => a,1,Stasis(pult,queue,support)\n same => n,Hangup()", ok + "x:2; with Pult away the caller is hung up (x:3)"},
		"nothing":                         {"exten => a,1,Queue(support)", "no Stasis(pult,queue,support) in extensions.conf"},
		"somebody else's application":     {"exten => a,1,Stasis(ivr,queue,support)\n same => n,Queue(q)", "no Stasis("},
		"no queue":                        {"exten => a,1,Stasis(pult,dial,support)\n same => n,Queue(q)", "no Stasis("},
		"calls that go to a database too": {"switch => Realtime", "not read here: extensions.lua, switch => Realtime (x:2)"},
		"lines that say nothing":          {"exten => a\nexten => a,b,c\nsame => n\nsame => 1,,\n", "no Stasis("},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "x"), []byte("[inbound]\n"+tc.text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := astconf.Read(dir, "x")
			if err != nil {
				t.Fatal(err)
			}
			var others []string
			if strings.HasPrefix(tc.text, "switch") {
				others = []string{"extensions.lua"}
			}
			out := judgeDialplan(readDialplan(f), "pult", []string{"support"}, others)
			if len(out) != 1 {
				t.Fatalf("findings are %+v", out)
			}
			got := out[0].Why
			if out[0].OK {
				got = ok + got
			}
			if !strings.Contains(got, tc.want) || strings.HasPrefix(tc.want, ok) && got != tc.want {
				t.Errorf("judged %q, want %q", got, tc.want)
			}
			if !out[0].OK && (out[0].Fix == "" || out[0].File == "") {
				t.Errorf("nothing to write: %+v", out[0])
			}
		})
	}
}
