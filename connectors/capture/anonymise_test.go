package capture_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors/capture"
	"github.com/pult-cc/pult/internal/customers"
)

func anonymiser(key string) *capture.Anonymiser {
	return capture.NewAnonymiser([]byte(key), []string{"PHONE", "Catalog_Партнеры", "Not found"}, capture.Host)
}

func TestWhatMeansSomethingToTheDriverStays(t *testing.T) {
	a := anonymiser("k")
	for _, s := range []string{
		"", "PHONE", "Catalog_Партнеры", "Not found", "true", "QUERY_LIMIT_EXCEEDED", "00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00", "Y", "12",
		"доб. 12", "0000000000",
	} {
		if got := a.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// Numbers come as figures, too, and not only as whole ones.
func TestNumbersThatAreFiguresAreReplaced(t *testing.T) {
	for body, want := range map[string]string{
		"79161234567":      `^79161[0-9]{6}$`,
		"79161234567.0":    `^79161[0-9]{6}\.0$`,
		"7.9161234567e10":  `^7\.9161[0-9]*e10$`,
		"7.9161234567E+10": `^7\.9161[0-9]*e10$`,
		"-79161234567":     `^-79161[0-9]{6}$`,
		"12.5":             `^12\.5$`, "1234": `^1234$`, "1e3": `^1e3$`, "0.00001": `^0\.00001$`, "1e400": `^1e400$`,
	} {
		got := string(anonymiser("k").Payload([]byte(body)))
		if !regexp.MustCompile(want).MatchString(got) || strings.Contains(strings.ReplaceAll(got, ".", ""), "9161234567") || !json.Valid([]byte(got)) {
			t.Errorf("%s became %s", body, got)
		}
	}
	var one, other float64
	a := anonymiser("k")
	if json.Unmarshal(a.Payload([]byte("79161234567.0")), &one) != nil || json.Unmarshal(a.Payload([]byte("7.9161234567e10")), &other) != nil || one != other {
		t.Errorf("one number became %v and %v", one, other)
	}
}

func TestPseudonymsHaveTheShapeOfTheOriginals(t *testing.T) {
	a := anonymiser("k")
	for _, s := range []string{
		"Котова Мария Сергеевна", "ООО «Василёк»", "maria.kotova@vasilek.ru", "dee6e19a-55bc-11d9-848a-00112f43529a", "8 (916) 123-45-67", "+79161234567",
		"2026-03-29T12:30:00+03:00", "7707083893", "https://1c.vasilek.ru/ut/#e1cib/data/Catalog_Партнеры?ref=aab1", "Smith, John",
	} {
		got := a.Text(s)
		if got == s || got != a.Text(s) || got == anonymiser("another").Text(s) {
			t.Errorf("%q became %q, then %q", s, got, a.Text(s))
		}
		if !strings.Contains(s, "://") && !strings.Contains(s, "@") && skeleton(got) != skeleton(s) {
			t.Errorf("%q became %q, of another shape", s, got)
		}
	}
	if got := a.Text("https://1c.vasilek.ru/ut/x"); !strings.HasPrefix(got, "http://"+capture.Host+"/") {
		t.Errorf("an address became %s", got)
	}
	if got := a.Text("maria@vasilek.ru"); !strings.HasSuffix(got, ".example") || !strings.Contains(got, "@") {
		t.Errorf("a mail became %s", got)
	}
}

func skeleton(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '0'
		case r >= 'a' && r <= 'z':
			return 'a'
		case r >= 'A' && r <= 'Z':
			return 'A'
		case r >= 'а' && r <= 'я' || r == 'ё':
			return 'я'
		case r >= 'А' && r <= 'Я' || r == 'Ё':
			return 'Я'
		}
		return r
	}, s)
}

// ways in which a number is written; all of one number have to stay those of one.
var ways = []string{
	"+7%s%s%s%s", "8 (%s) %s-%s-%s", "8-%s-%s-%s-%s", "%s %s %s %s", "тел. 8%s%s%s%s доб. 12", "7%s%s%s%s; 8 495 000-00-01", "8%s%s%s%s1234", "8 %s %s %s %s 84950123451",
}

// TestNumbersStayThoseOfOneCustomer: whatever the way of writing, the host finds the pseudonym where it found the number.
func TestNumbersStayThoseOfOneCustomer(t *testing.T) {
	numbers, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	seen := map[string]string{}
	for i := range 400 {
		a := anonymiser(fmt.Sprint(i / 100))
		digits := fmt.Sprintf("9%09d", rnd.IntN(1e9))
		next := a.Number("+7" + digits)
		if n := numbers.Parse(next); n.Kind != customers.NumberPublic || next == "+7"+digits {
			t.Fatalf("%s became %s", digits, next)
		}
		if other, taken := seen[fmt.Sprint(i/100, next)]; taken && other != digits {
			t.Fatalf("%s and %s became %s", digits, other, next)
		}
		seen[fmt.Sprint(i/100, next)] = digits
		for _, way := range ways {
			text := fmt.Sprintf(way, digits[:3], digits[3:6], digits[6:8], digits[8:])
			has := func(text, number string) bool {
				for _, n := range numbers.ParseAll(text) {
					if n.E164 == number {
						return true
					}
				}
				return false
			}
			if before, after := has(text, "+7"+digits), has(a.Text(text), next); before != after {
				t.Fatalf("%q has %s: %v; %q has %s: %v", text, digits, before, a.Text(text), next, after)
			}
		}
	}
}

// TestNothingOfAnybodyIsLeft: names, numbers, addresses and keys put anywhere into an answer are nowhere in what is written.
func TestNothingOfAnybodyIsLeft(t *testing.T) {
	names := []string{"Котова", "Мария", "Василёк", "Smith", "Müller", "Ключевский"}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // the same each time
		var secrets []string
		leaf := func() any {
			number := fmt.Sprintf("9%09d", rnd.IntN(1e9))
			name := names[rnd.IntN(len(names))]
			key := fmt.Sprintf("%08x-55bc-11d9-848a-%012x", rnd.Uint32(), rnd.Int64N(1<<47))
			secrets = append(secrets, number, name, key)
			switch rnd.IntN(7) {
			case 0:
				return name + " " + name + "ов, тел. 8 (" + number[:3] + ") " + number[3:6] + "-" + number[6:8] + "-" + number[8:]
			case 1:
				return json.Number("7" + number)
			case 2:
				return map[string]any{key: map[string]any{"7" + number: name}, "name": strings.ToUpper(name)}
			case 3:
				return strings.ToLower(name) + "@" + "example.org"
			case 4:
				return []any{key, "https://" + "crm.example.org/" + key, nil, true}
			case 5:
				return "guid'" + key + "', " + name
			}
			return "x" + number + name
		}
		body, err := json.Marshal(map[string]any{"value": []any{leaf(), leaf(), map[string]any{"deep": leaf()}}})
		if err != nil {
			t.Fatal(err)
		}
		out := anonymiser(fmt.Sprint(seed)).Payload(body)
		if !json.Valid(out) {
			t.Fatalf("%s became %s", body, out)
		}
		text := strings.ToLower(string(out))
		for _, s := range append(secrets, "example.org") {
			if strings.Contains(text, strings.ToLower(s)) {
				t.Fatalf("%q is left of\n%s\nin\n%s", s, body, out)
			}
		}
	}
}

// TestNumbersAreFoundHoweverTheyAreWritten: with hyphens that do not break, narrow spaces and slashes they were left as they were, and so
// were those that are a property's name.
func TestNumbersAreFoundHoweverTheyAreWritten(t *testing.T) {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	for _, s := range []string{"8\u2011916\u2011123\u201145\u201167", "8/916/123/45/67", "8\u202f916\u202f123\u202f45\u202f67", "IVANOV_9161234567", "CODE_89161234567"} {
		if out := anonymiser("key").Text(s); strings.Contains(digits(out), "9161234567") {
			t.Errorf("%q became %q", s, out)
		}
	}
	if out := string(anonymiser("key").Payload([]byte(`{"8 (916) 123-45-67":1}`))); strings.Contains(digits(out), "9161234567") {
		t.Errorf("a name became %s", out)
	}
}

func TestAnswersThatAreNoJSON(t *testing.T) {
	a := anonymiser("k")
	for body, want := range map[string]string{
		"": "",
		"<html>Котова Мария 9161234567<": "<html><body>a page</body></html>",
		"{\"a\": \"Котова":               "",
	} {
		got := string(a.Payload([]byte(body)))
		if strings.Contains(got, "Котова") || strings.Contains(got, "9161234567") || want != "" && got != want {
			t.Errorf("%q became %q", body, got)
		}
	}
}
