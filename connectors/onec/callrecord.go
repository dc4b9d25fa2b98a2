package onec

import (
	"fmt"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// words are what stands in a document, in the language of the base's people.
type words struct {
	in, out                                                       string
	outcome                                                       map[connectors.Outcome]string
	topic, tags, queue, agent, waited, talked, link, number, none string
}

var languages = map[string]words{
	"ru": {
		in: "Входящий звонок", out: "Исходящий звонок",
		outcome: map[connectors.Outcome]string{
			connectors.OutcomeAnswered: "состоялся", connectors.OutcomeMissed: "пропущен", connectors.OutcomeBusy: "занято",
			connectors.OutcomeNoAnswer: "не ответили", connectors.OutcomeFailed: "не удался",
		},
		topic: "Тематика", tags: "Метки", queue: "Очередь", agent: "Оператор", waited: "Ожидание", talked: "Длительность",
		link: "Звонок в Пульте", number: "Номер", none: "номер скрыт",
	},
	"en": {
		in: "Inbound call", out: "Outbound call",
		outcome: map[connectors.Outcome]string{
			connectors.OutcomeAnswered: "answered", connectors.OutcomeMissed: "missed", connectors.OutcomeBusy: "busy",
			connectors.OutcomeNoAnswer: "no answer", connectors.OutcomeFailed: "failed",
		},
		topic: "Topic", tags: "Tags", queue: "Queue", agent: "Operator", waited: "Waited", talked: "Talked",
		link: "The call in Pult", number: "Number", none: "number withheld",
	},
}

// fields are what a call's document has to say.
func (w *Writer) fields(call connectors.CallRecord, customer string) map[string]any {
	c := w.calls
	out := map[string]any{}
	set := func(name string, value any) {
		if name != noField {
			out[name] = value
		}
	}
	set(c.Date, call.StartedAt.In(w.zone).Format(timeForm)) // of the base, without zone
	set(c.Inbound, call.Inbound)
	set(c.Subject, w.subject(call))
	set(c.Text, w.text(call))
	set(c.CustomerName, customer)
	set(c.Number, call.Number)
	set(c.Reviewed, call.Outcome == connectors.OutcomeAnswered)
	if c.Seconds != noField {
		out[c.Seconds] = int64(call.Talked.Round(time.Second) / time.Second)
	}
	if c.Customer == noField {
		return out
	}
	key := zeroGUID
	if call.Customer.ID != "" {
		key = strings.ToLower(call.Customer.ID)
	}
	switch {
	case c.CustomerForm == customerByKey:
		out[c.Customer+"_Key"] = key
	case call.Customer.ID == "": // a composite field without a value
		out[c.Customer], out[c.Customer+"_Type"] = "", undefined
	default:
		out[c.Customer], out[c.Customer+"_Type"] = key, "StandardODATA."+call.Customer.Type
	}
	return out
}

// subject is a title with the mark behind it, whatever is cut.
func (w *Writer) subject(call connectors.CallRecord) string {
	l := languages[w.calls.Language]
	title := l.out
	if call.Inbound {
		title = l.in
	}
	title += ", " + l.outcome[call.Outcome]
	if call.Topic != "" {
		title += ": " + oneLine(call.Topic)
	}
	return marked(title, call.Key, w.calls.SubjectSize)
}

// marked is a title with the mark of a key behind it, in no more than size characters: the title is cut, not the mark.
func marked(title, key string, size int) string {
	mark := markOpen + key + markClose
	if r := []rune(title); len(r) > size-len(mark)-1 {
		if size-len(mark) < 3 {
			return mark
		}
		title = strings.TrimSpace(string(r[:max(0, size-len(mark)-2)])) + "…"
	}
	return strings.TrimSpace(title + " " + mark)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// text is the comment, and what the document has no fields for.
func (w *Writer) text(call connectors.CallRecord) string {
	l := languages[w.calls.Language]
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+": "+value)
		}
	}
	if call.Comment != "" {
		out = append(out, printable(call.Comment), "")
	}
	add(l.topic, call.Topic)
	add(l.tags, strings.Join(call.Tags, ", "))
	add(l.queue, call.Queue)
	add(l.agent, call.Agent.Name)
	if call.Inbound {
		add(l.waited, clock(call.Waited))
	}
	if call.Outcome == connectors.OutcomeAnswered {
		add(l.talked, clock(call.Talked))
	}
	if call.Number == "" {
		add(l.number, l.none)
	}
	add(l.link, call.URL)
	return strings.Join(out, "\n")
}

// printable drops what XML, in which 1C keeps texts, cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}

func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
