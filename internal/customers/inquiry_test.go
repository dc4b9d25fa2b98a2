package customers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
)

var (
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	caller = Number{E164: "+79161234567", Kind: NumberPublic}
)

// who makes a customer of the system "1c" with the caller's number; "name@system" is another system's.
func who(name string, kind connectors.Kind) Customer {
	name, system, ok := strings.Cut(name, "@")
	if !ok {
		system = "1c"
	}
	ref := connectors.Ref{Connector: system, Type: "t", ID: name}
	return Customer{ID: EncodeID(ref), Ref: ref, Name: name, Kind: kind, Source: system, AsOf: noon, Numbers: []LabeledNumber{{Number: caller}}}
}

func as(why Reason, cs ...Customer) []Candidate {
	var out []Candidate
	for _, c := range cs {
		out = append(out, Candidate{Customer: c, Why: why, Confidence: confidences[why]})
	}
	return out
}

// short writes a match as one line: state, chosen, candidates, problem.
func short(m Match) string {
	var names []string
	for _, c := range m.Candidates {
		name := c.Customer.Name + "/" + string(c.Why)
		for _, same := range c.Same {
			name += "+" + same.Name + "@" + same.Source
		}
		if c.RefusedBy != "" {
			name += "-" + c.RefusedBy
		}
		names = append(names, name)
	}
	out := string(m.State)
	if m.Chosen != nil {
		out += " =" + m.Chosen.Name
	}
	if m.ChosenBy != "" {
		out += " by " + m.ChosenBy
	}
	if len(names) > 0 {
		out += " [" + strings.Join(names, " ") + "]"
	}
	if m.Problem != "" {
		out += " !" + m.Problem
	}
	if (m.FailingSince != nil) != (m.Problem != "") {
		out += fmt.Sprintf(" since %v", m.FailingSince)
	}
	return out
}

func TestMatchOfAnInquiry(t *testing.T) {
	maria, anna := who("Maria", connectors.KindPerson), who("Anna", connectors.KindPerson)
	firm, other := who("ООО «Василёк»", connectors.KindCompany), who("Ромашка", connectors.KindCompany)
	maria.Company = "Василек ООО"
	twin := who("Maria@crm", connectors.KindPerson)
	twin.Emails, maria.Emails = []string{"Maria@x.example"}, []string{"maria@X.example"}
	read := local{readAt: noon}
	said := func(cs ...[]Candidate) sourceState {
		s := sourceState{id: "1c", name: "1C", phase: answered}
		for _, c := range cs {
			s.found = append(s.found, c...)
		}
		rank(s.found)
		return s
	}
	silent := func(p phase, found ...Candidate) sourceState {
		return sourceState{id: "1c", name: "1C", phase: p, found: found, since: noon, problem: map[phase]string{late: "no answer yet", failed: "away"}[p]}
	}
	crm := func(p phase, found ...Candidate) sourceState {
		return sourceState{id: "crm", name: "CRM", phase: p, found: found, since: noon.Add(time.Minute), problem: map[phase]string{late: "no answer yet", failed: "away"}[p]}
	}
	refused := func(c Customer) local { return local{readAt: noon, refused: map[ID]string{c.ID: "olga"}} }
	kept := func(cs ...Customer) local { return local{readAt: noon, kept: cs} }
	chosen := func(c Customer) local { return local{readAt: noon, remembered: &c, by: "olga"} }

	for name, c := range map[string]struct {
		sources []sourceState
		local   local
		want    string
	}{
		"nothing known yet":              {[]sourceState{silent(waiting)}, local{}, "PENDING"},
		"the repository is read":         {[]sourceState{silent(waiting)}, read, "PENDING"},
		"nobody, but not all is read":    {[]sourceState{said()}, local{}, "PENDING"},
		"nobody":                         {[]sourceState{said()}, read, "NONE"},
		"no systems at all":              {nil, read, "NONE"},
		"one":                            {[]sourceState{said(as(ReasonExact, maria))}, read, "FOUND =Maria [Maria/EXACT]"},
		"one by its last digits":         {[]sourceState{said(as(ReasonSuffix, maria))}, read, "MANY [Maria/SUFFIX]"},
		"one by all national digits":     {[]sourceState{said(as(ReasonNational, maria), as(ReasonSuffix, anna))}, read, "FOUND =Maria [Maria/NATIONAL Anna/SUFFIX]"},
		"late, one by its last digits":   {[]sourceState{silent(late, as(ReasonSuffix, maria)...)}, read, "FAILED [Maria/SUFFIX] !1C: no answer yet"},
		"indexed, being asked":           {[]sourceState{{id: "1c", name: "1C", indexed: as(ReasonExact, maria)}}, local{}, "FOUND =Maria [Maria/EXACT]"},
		"indexed, the system says other": {[]sourceState{{id: "1c", name: "1C", phase: answered, indexed: as(ReasonExact, maria), found: as(ReasonExact, anna)}}, read, "FOUND =Anna [Anna/EXACT]"},
		"refused":                        {[]sourceState{said(as(ReasonExact, maria))}, refused(maria), "MANY [Maria/EXACT-olga]"},
		"refused, one is left":           {[]sourceState{said(as(ReasonExact, anna, maria))}, refused(anna), "FOUND =Maria [Maria/EXACT Anna/EXACT-olga]"},
		"refused, two are left":          {[]sourceState{said(as(ReasonExact, anna, firm, other))}, refused(anna), "MANY [ООО «Василёк»/EXACT Ромашка/EXACT Anna/EXACT-olga]"},
		"spoken with last":               {[]sourceState{said(as(ReasonExact, anna, maria))}, local{readAt: noon, spoken: maria.ID}, "MANY [Maria/EXACT Anna/EXACT]"},
		"spoken with last, by extension": {[]sourceState{said(as(ReasonExact, anna), as(ReasonExtension, maria))}, local{readAt: noon, spoken: maria.ID}, "FOUND =Anna [Anna/EXACT Maria/EXTENSION]"},
		"two persons":                    {[]sourceState{said(as(ReasonExact, maria, anna))}, read, "MANY [Anna/EXACT Maria/EXACT]"},
		"two companies":                  {[]sourceState{said(as(ReasonExact, other, firm))}, read, "MANY [ООО «Василёк»/EXACT Ромашка/EXACT]"},
		"a person and their company":     {[]sourceState{said(as(ReasonExact, firm, maria))}, read, "FOUND =Maria [Maria/EXACT ООО «Василёк»/EXACT]"},
		"a person and another company":   {[]sourceState{said(as(ReasonExact, other, maria))}, read, "MANY [Maria/EXACT Ромашка/EXACT]"},
		"exact beats extension":          {[]sourceState{said(as(ReasonExtension, maria, anna), as(ReasonExact, firm))}, read, "FOUND =ООО «Василёк» [ООО «Василёк»/EXACT Anna/EXTENSION Maria/EXTENSION]"},
		"extension beats suffix":         {[]sourceState{said(as(ReasonSuffix, anna), as(ReasonExtension, maria))}, read, "FOUND =Maria [Maria/EXTENSION Anna/SUFFIX]"},
		"the same in two systems":        {[]sourceState{said(as(ReasonExact, maria)), crm(answered, as(ReasonExact, twin)...)}, read, "FOUND =Maria [Maria/EXACT+Maria@crm]"},
		"different people in two":        {[]sourceState{said(as(ReasonExact, anna)), crm(answered, as(ReasonExact, twin)...)}, read, "MANY [Anna/EXACT Maria/EXACT]"},
		"kept, while being asked":        {[]sourceState{silent(waiting)}, kept(maria), "FOUND =Maria [Maria/EXACT]"},
		"several kept, being asked":      {[]sourceState{silent(waiting)}, kept(maria, anna), "MANY [Anna/EXACT Maria/EXACT]"},
		"an old answer, being asked":     {[]sourceState{silent(waiting, as(ReasonExact, maria)...)}, local{}, "FOUND =Maria [Maria/EXACT]"},
		"kept and old are the same":      {[]sourceState{silent(waiting, as(ReasonExact, maria)...)}, kept(maria), "FOUND =Maria [Maria/EXACT]"},
		"the system knows better":        {[]sourceState{said()}, kept(maria), "NONE"},
		"kept of a system that is gone":  {[]sourceState{silent(waiting)}, kept(who("X@old", connectors.KindPerson)), "PENDING"},
		"late":                           {[]sourceState{silent(late)}, read, "FAILED !1C: no answer yet"},
		"late, one kept":                 {[]sourceState{silent(late)}, kept(maria), "FAILED =Maria [Maria/EXACT] !1C: no answer yet"},
		"failed":                         {[]sourceState{silent(failed)}, read, "FAILED !1C: away"},
		"failed, one kept":               {[]sourceState{silent(failed)}, kept(maria), "FAILED =Maria [Maria/EXACT] !1C: away"},
		"failed, several kept":           {[]sourceState{silent(failed)}, kept(maria, anna), "FAILED [Anna/EXACT Maria/EXACT] !1C: away"},
		"failed, the other found":        {[]sourceState{silent(failed), crm(answered, as(ReasonExact, twin)...)}, read, "FOUND =Maria [Maria/EXACT] !1C: away"},
		"failed, the other found nobody": {[]sourceState{silent(failed), crm(answered)}, read, "FAILED !1C: away"},
		"failed, the other is asked":     {[]sourceState{silent(failed), crm(waiting)}, read, "PENDING !1C: away"},
		"both failed":                    {[]sourceState{crm(failed), silent(failed)}, read, "FAILED !CRM: away; 1C: away"},
		"remembered":                     {[]sourceState{silent(waiting)}, chosen(maria), "FOUND =Maria by olga [Maria/REMEMBERED]"},
		"remembered beats many":          {[]sourceState{said(as(ReasonExact, maria, anna))}, chosen(maria), "FOUND =Maria by olga [Maria/REMEMBERED Anna/EXACT]"},
		"remembered beats nobody":        {[]sourceState{said()}, chosen(maria), "FOUND =Maria by olga [Maria/REMEMBERED]"},
		"remembered beats failure":       {[]sourceState{silent(failed)}, chosen(maria), "FOUND =Maria by olga [Maria/REMEMBERED] !1C: away"},
	} {
		q := inquiry{numbers: russian(t, ""), number: caller, sources: c.sources, local: c.local}
		m := q.match()
		if got := short(m); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if len(m.Asked) != len(c.sources) {
			t.Errorf("%s: asked %v", name, m.Asked)
		}
	}
	// What the system says now replaces what was stored with the choice.
	q := inquiry{numbers: russian(t, ""), number: caller, sources: []sourceState{said(as(ReasonExact, maria))}, local: chosen(Customer{ID: maria.ID, Name: "Maria, before"})}
	if m := q.match(); m.Chosen.Name != "Maria" || len(m.Candidates) != 1 {
		t.Errorf("got %s", short(m))
	}
	// The earliest failure is the one shown.
	q = inquiry{numbers: russian(t, ""), number: caller, sources: []sourceState{crm(failed), silent(failed)}, local: read}
	if m := q.match(); m.FailingSince == nil || !m.FailingSince.Equal(noon) {
		t.Errorf("failing since %v, want %v", m.FailingSince, noon)
	}
}

func TestWithChoiceLeavesTheOldMatchAlone(t *testing.T) {
	maria, anna := who("Maria", connectors.KindPerson), who("Anna", connectors.KindPerson)
	before := Match{State: MatchMany, Candidates: as(ReasonExact, anna, maria)}
	after := before.WithChoice(maria, "olga", noon)
	if got := short(after); got != "FOUND =Maria by olga [Maria/REMEMBERED Anna/EXACT]" {
		t.Errorf("after: %s", got)
	}
	if after.DecidedAt == nil || !after.DecidedAt.Equal(noon) {
		t.Errorf("decided at %v", after.DecidedAt)
	}
	taken := after.WithoutChoice(noon.Add(time.Hour))
	if got := short(taken); got != "MANY [Maria/REMEMBERED Anna/EXACT]" || !taken.DecidedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("taken back: %s at %v", got, taken.DecidedAt)
	}
	if got := short(before); got != "MANY [Anna/EXACT Maria/EXACT]" {
		t.Errorf("before: %s", got)
	}
	if got := short(Match{State: MatchNone}.WithChoice(maria, "olga", noon)); got != "FOUND =Maria by olga [Maria/REMEMBERED]" {
		t.Errorf("of nobody: %s", got)
	}
}

func TestCompare(t *testing.T) {
	n := russian(t, "")
	for _, c := range []struct {
		caller, stored string
		want           Reason
	}{
		{"+79161234567", "8 (916) 123-45-67", ReasonExact},
		{"+79161234567", "+79161234568", ""},
		{"+74951234567", "8 (495) 123-45-67 доб. 12", ReasonExtension},
		{"+375291234567", "029 123-45-67", ReasonNational},
		{"+79291234567", "029 123-45-67", ReasonSuffix}, // somebody else's, in another country: never more than likely
		{"+74951234567", "123-45-67", ReasonSuffix},
		{"123-45-67", "8 (495) 123-45-67", ReasonSuffix},
		{"123-45-67", "123-45-67", ReasonSuffix},
		{"+74951234567", "34-56-7", ""},
		{"+74951234567", "765-43-21", ""},
		{"+79161234567", "нет", ""},
		{"+79160000000", "000-00-00", ""}, // typed to fill the field
		{"+79165555555", "555-55-55", ""},
		{"+7 000 000-00-00", "8 (000) 000-00-00", ""},
		{"+7 000 123-45-67", "8 (000) 123-45-67", ReasonExact}, // a range that our tables do not know
		{"+7 000 123-45-67", "000 123-45-67", ReasonSuffix},
		{"+74951234567", "51234567", ReasonSuffix},
		{"+74951234567", "61234567", ""},
	} {
		if got := n.compare(n.Parse(c.caller), n.Parse(c.stored)); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.caller, c.stored, got, c.want)
		}
	}
}

func TestCompanyName(t *testing.T) {
	for _, s := range []string{"Василёк", "ООО «Василёк»", "Василек ООО", `ООО "ВАСИЛЁК"`, " василёк,  ооо"} {
		if got := companyName(s); got != "василек" {
			t.Errorf("%s: %q", s, got)
		}
	}
	if companyName("ООО") != "" {
		t.Error("a legal form alone is no name")
	}
}
