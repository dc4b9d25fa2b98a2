package plugin_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/plugintest"
)

// BenchmarkLookup is what it costs that a connector is a process: the same look-up among ten customers inside of Pult, in a plug-in
// written in Go (with TLS) and in one for Node.
func BenchmarkLookup(b *testing.B) {
	var customers []connectortest.Customer
	var records []connectors.Candidate
	for i := range 10 {
		c := connectortest.Customer{
			Kind: connectors.KindCompany, Name: fmt.Sprintf("Firm %03d", i), Owner: "Орлов Игорь",
			Phones: []string{fmt.Sprintf("8 (495) 012-%02d-%02d", i/100, i%100)},
		}
		customers, records = append(customers, c), append(records, c.Candidate())
	}
	rehearsing := func(s plugin.Settings) connectors.Driver {
		d := open(b, s, plugin.Options{Rehearsal: true, Log: slog.New(slog.DiscardHandler)})
		if _, err := d.Rehearse(b.Context(), plugin.Rehearsal{Base: plugintest.Base(customers)}); err != nil {
			b.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name   string
		driver connectors.Driver
	}{
		{"in-process", memory.New("crm", records)}, {"go", rehearsing(plugin.Settings{Command: sampleGo})}, {"node", rehearsing(sampleNode(b))},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				found, err := c.driver.Lookup(b.Context(), connectors.LookupQuery{National: "4950120007"})
				if err != nil || len(found) != 1 {
					b.Fatal(found, err)
				}
			}
		})
	}
}
