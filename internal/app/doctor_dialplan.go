package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pult-cc/pult/internal/astconf"
	"github.com/pult-cc/pult/telephony"
)

// dialplan is what extensions.conf says, as far as handing calls to Pult goes.
type dialplan struct {
	extensions map[string]*extension // by context and name
	elsewhere  []string              // where calls may also go that is not read here: "switch => Realtime"
}

type extension struct {
	name  string
	steps []step
}

// step is one priority of an extension.
type step struct {
	priority  int
	app, args string
	place
}

// place is a line of a file.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// readDialplan puts the lines of extensions.conf together as pbx_config does: contexts of one name are one.
func readDialplan(f *astconf.File) dialplan {
	d := dialplan{extensions: map[string]*extension{}}
	for _, s := range f.Sections {
		if s.Template || s.Name == "general" || s.Name == "globals" {
			continue
		}
		var last *extension
		for _, e := range s.Entries {
			name, rest := "", e.Value
			switch strings.ToLower(e.Key) {
			case "exten":
				var ok bool
				if name, rest, ok = strings.Cut(e.Value, ","); !ok {
					continue
				}
				name, _, _ = strings.Cut(strings.TrimSpace(name), "/") // the caller's number, where the extension depends on it
				key := s.Name + "\x00" + name
				if d.extensions[key] == nil {
					d.extensions[key] = &extension{name: name}
				}
				last = d.extensions[key]
			case "same":
				if last == nil {
					continue
				}
			case "switch", "lswitch", "eswitch":
				d.elsewhere = append(d.elsewhere, "switch => "+e.Value+" ("+e.At()+")")
				continue
			default:
				continue
			}
			last.add(rest, place{e.File, e.Line})
		}
	}
	return d
}

// add adds "n(label),Stasis(pult,queue,support)".
func (x *extension) add(text string, at place) {
	number, call, ok := strings.Cut(text, ",")
	if !ok {
		return
	}
	number, _, _ = strings.Cut(strings.TrimSpace(number), "(")
	s := step{place: at}
	if n := len(x.steps); n > 0 {
		s.priority = x.steps[n-1].priority + 1
	}
	switch number, plus, _ := strings.Cut(number, "+"); strings.ToLower(number) {
	case "hint":
		return
	case "n":
		if more, err := strconv.Atoi(plus); err == nil {
			s.priority += more - 1
		}
	case "s":
		s.priority-- // the same once more
	default:
		p, err := strconv.Atoi(number)
		if err != nil {
			return
		}
		s.priority = p
	}
	app, args, _ := strings.Cut(strings.TrimSpace(call), "(")
	s.app = strings.TrimSpace(app)
	if i := strings.LastIndexByte(args, ')'); i >= 0 {
		args = args[:i]
	}
	s.args = args
	x.steps = append(x.steps, s)
}

// handover is a step that hands calls to a queue of Pult.
type handover struct {
	queue string // may hold variables
	place
	then *step // what comes when Pult is away; nil: nothing
}

// prepares are the applications that a caller hears nothing of: alone they catch no call.
var prepares = map[string]bool{"set": true, "noop": true, "verbose": true, "log": true}

// handovers finds Stasis(app,queue,KEY), in the order of the files.
func (d dialplan) handovers(app string) (out []handover) {
	for _, x := range d.extensions {
		for _, s := range x.steps {
			args := strings.Split(s.args, ",")
			if !strings.EqualFold(s.app, "Stasis") || len(args) < 3 || strings.TrimSpace(args[0]) != app || strings.TrimSpace(args[1]) != "queue" {
				continue
			}
			h := handover{queue: strings.TrimSpace(args[2]), place: s.place}
			if h.queue == "${EXTEN}" && !strings.HasPrefix(x.name, "_") {
				h.queue = x.name
			}
			for i, t := range x.steps {
				if t.priority > s.priority && !prepares[strings.ToLower(t.app)] && (h.then == nil || t.priority < h.then.priority) {
					h.then = &x.steps[i]
				}
			}
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b handover) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line)) })
	return out
}

// judgeDialplan: every queue is reached, and what comes behind catches the call. others are dialplans that are not read here.
func judgeDialplan(d dialplan, app string, queues, others []string) (out []telephony.Finding) {
	all := d.handovers(app)
	others = slices.Concat(others, d.elsewhere)
	for _, queue := range queues {
		out = append(out, judgeQueue(all, app, queue, others))
	}
	strange := map[string][]string{}
	for _, h := range all {
		if !h.variable() && !slices.Contains(queues, h.queue) {
			strange[h.queue] = append(strange[h.queue], h.String())
		}
	}
	for _, queue := range slices.Sorted(maps.Keys(strange)) {
		out = append(out, telephony.Finding{
			What: "the dialplan names queues that Pult has", File: dialplanFile,
			Why: fmt.Sprintf("%s: calls are handed to %q, and Pult has %s", strings.Join(strange[queue], ", "), queue, strings.Join(queues, ", ")),
			Fix: "write one of these instead",
		})
	}
	return out
}

const dialplanFile = "extensions.conf"

// variable reports whether the queue is known only when a call comes.
func (h handover) variable() bool { return strings.Contains(h.queue, "$") }

func judgeQueue(all []handover, app, queue string, others []string) telephony.Finding {
	f := telephony.Finding{What: "the dialplan hands calls to the queue " + queue, File: dialplanFile}
	var at, perhaps []string
	hangup := ""
	for _, h := range all {
		switch {
		case h.variable():
			perhaps = append(perhaps, h.String())
		case h.queue != queue:
		case h.then == nil:
			f.Why = h.String() + ": nothing stands behind Stasis(), so with Pult away the call ends"
			f.Fix = "write a step behind it: your own queue, an announcement or voicemail, such as\n same => n,Queue(" + queue + ")"
			return f
		default:
			at = append(at, h.String())
			if strings.EqualFold(h.then.app, "Hangup") {
				hangup = "; with Pult away the caller is hung up (" + h.then.String() + ")"
			}
		}
	}
	switch {
	case len(at) > 0:
		f.OK, f.Why = true, strings.Join(at, ", ")+hangup
	case len(perhaps) > 0:
		f.OK, f.Why = true, "perhaps: the queue's name comes from a variable at "+strings.Join(perhaps, ", ")
	default:
		f.Why = fmt.Sprintf("no Stasis(%s,queue,%s) in %s", app, queue, dialplanFile)
		if len(others) > 0 {
			f.Why += "; not read here: " + strings.Join(others, ", ")
		}
		f.Fix = fmt.Sprintf("write, at the number that customers dial:\nexten => %[2]s,1,Stasis(%[1]s,queue,%[2]s)\n same => n,Queue(%[2]s)   ; or voicemail: what is to come when Pult is away", app, queue)
	}
	return f
}
