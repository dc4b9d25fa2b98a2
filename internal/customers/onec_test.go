package customers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
)

// demo1C is the whole way of a look-up: service, portable connector, 1C driver, simulated 1C with the demo base.
func demo1C(t testing.TB, o onecsim.Options, r resilient.Options) (*customers.Service, *onecsim.Sim, *resilient.Connector) {
	t.Helper()
	o.Base = onecsim.NewDemo()
	sim := onecsim.New(o)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	config, err := json.Marshal(map[string]string{"base_url": srv.URL + "/demo"})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := onec.New(t.Context(), "1c", config, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Name = "1c", "1C"
	c, err := resilient.New(driver, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := customers.NewService(customers.Options{Normalizer: n, Sources: []customers.Source{c}, Repository: &memrepo.Repository{}})
	if err != nil {
		t.Fatal(err)
	}
	return s, sim, c
}

func TestDemoCallers(t *testing.T) {
	s, _, _ := demo1C(t, onecsim.Options{}, resilient.Options{})
	want := map[string]string{
		"+79750124567":  "FOUND Котова Мария Сергеевна, Василёк, Орлов Игорь Дмитриевич: EXACT",
		"+74950123450":  "FOUND ООО «Василёк», , Орлов Игорь Дмитриевич: EXACT EXTENSION EXTENSION",
		"+79750127700":  "MANY: EXACT EXACT",
		"+74840012300":  "MANY: EXACT EXACT",
		"+79750121905":  "FOUND Лебедева Нина Павловна, , Ларина Ольга Игоревна: EXACT",
		"+73830012345":  "FOUND Сибирский кедр, , Жданов Сергей Павлович: EXACT",
		"+79750127788":  "FOUND Панкратова Светлана, Пекарня на углу, Мухина Татьяна Юрьевна: EXACT",
		"+79750124321":  "FOUND Тихонов Роман Олегович, Окская верфь, Белов Константин Львович: EXACT",
		"+77000001234":  "FOUND Есимов Арман, Степной экспресс, Рощина Елена Борисовна: EXACT",
		"+442079460958": "FOUND Emily Watson, Thames Paper, Орлов Игорь Дмитриевич: EXACT",
		"+78120012300":  "FOUND ООО «Фонтан», , Соболева Анна Викторовна: EXACT",
		"+79750120013":  "NONE:",
		"+79750129999":  "NONE:",
	}
	for _, c := range onecsim.Demo() {
		m := s.Match(t.Context(), c.Number)
		got := string(m.State)
		if m.Chosen != nil {
			got += fmt.Sprintf(" %s, %s, %s", m.Chosen.Name, m.Chosen.Company, m.Chosen.Owner)
			if !strings.Contains(m.Chosen.URL, "#e1cib/data/Справочник.") {
				t.Errorf("%s: no deep link: %q", c.Name, m.Chosen.URL)
			}
		}
		got += ":"
		for _, cand := range m.Candidates {
			got += " " + string(cand.Why)
		}
		if got != want[c.Number] {
			t.Errorf("%s (%s): %s, want %s", c.Name, c.Case, got, want[c.Number])
		}
	}
}

// The card is out after one round trip to 1C; asking takes the caller of Start next to nothing, whatever 1C does.
func TestTheCardIsNotLaterThan1C(t *testing.T) {
	const delay = 500 * time.Millisecond
	s, sim, _ := demo1C(t, onecsim.Options{}, resilient.Options{})
	sim.SetDelay(delay)
	began := time.Now()
	now, later := s.Start(t.Context(), "+79750124567")
	started := time.Since(began)
	found := false
	for m := range later {
		found = found || m.State == customers.MatchFound
	}
	took := time.Since(began)
	t.Logf("Start returned after %v, the card of a 1C of %v came after %v", started, delay, took)
	if !found || now.State != customers.MatchPending || started > delay/2 || took >= 2*delay {
		t.Errorf("Start returned %s after %v, the card came after %v; want PENDING at once and one round trip of %v", now.State, started, took, delay)
	}
}

// Whatever 1C answers, or does not, is a state of the card with a text to show.
func TestTroublesOf1C(t *testing.T) {
	s, sim, c := demo1C(t, onecsim.Options{}, resilient.Options{
		RingDeadline: 500 * time.Millisecond, BackgroundDeadline: 2 * time.Second, AuthPause: time.Millisecond, OpenFor: time.Millisecond,
	})
	for name, trouble := range map[string]struct {
		is   onecsim.Trouble
		says string
	}{
		"a web page":     {onecsim.Trouble{WebPage: true}, "1C: a web page came instead of data"},
		"401":            {onecsim.Trouble{Status: 401}, "1C: the user name or password was refused"},
		"500 odata":      {onecsim.Trouble{Status: 500, Code: "-1", Message: "Поле объекта не обнаружено"}, "1C: the base refused: Поле объекта не обнаружено"},
		"500":            {onecsim.Trouble{Status: 500}, "1C: the web server failed"},
		"truncated JSON": {onecsim.Trouble{CutOff: true}, "1C: the answer was cut off"},
		"hung up":        {onecsim.Trouble{HangUp: true}, "1C: the server does not answer"},
		"too slow":       {onecsim.Trouble{Delay: time.Minute}, "1C: no answer in time"},
	} {
		sim.Suffer(&trouble.is)
		began := time.Now()
		m := s.Match(t.Context(), "+79750124567")
		if m.State != customers.MatchFailed || m.Problem != trouble.says || m.FailingSince == nil || m.FailingSince.After(time.Now()) {
			t.Errorf("%s: %s, %q since %v; want %q", name, m.State, m.Problem, m.FailingSince, trouble.says)
		}
		if sys := s.Systems(); len(sys) != 1 || sys[0].ID != "1c" || sys[0].FailingSince == nil && name != "too slow" {
			t.Errorf("%s: status %+v", name, sys)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		sim.Suffer(nil)
		healed(t, c)
	}
	if m := s.Match(t.Context(), "+79750124567"); m.State != customers.MatchFound {
		t.Errorf("healed: %+v", m)
	}
}

func healed(t *testing.T, c *resilient.Connector) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, err := c.Check(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("1C does not come back: %v", err)
		}
	}
}

func BenchmarkCardFrom1C(b *testing.B) {
	s, _, _ := demo1C(b, onecsim.Options{}, resilient.Options{})
	for b.Loop() {
		_, later := s.Refresh(b.Context(), "+79750124567")
		for range later {
		}
	}
}
