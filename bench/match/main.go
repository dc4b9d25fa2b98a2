// Command match measures whether callers are linked rightly, and the phone index.
//
// A generator makes a base of 100,000 customers whose numbers are written in the ways that corpus.go lists, and 2,500 calls of which
// it knows the truth. Every call is asked twice: of the index while the customer system hangs, and of the system itself, which answers
// generously. Then an index of a million numbers is built, asked and weighed.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/pult-cc/pult/bench/figure"
	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
)

func main() {
	log.SetFlags(0)
	seed := flag.Uint64("seed", 20261126, "of the generator")
	size := flag.Int("customers", 100_000, "in the base")
	calls := flag.Int("calls", 2_500, "known numbers that call; a fifth as many unknown ones come on top")
	million := flag.Int("numbers", 1_000_000, "in the index that is weighed")
	flag.Parse()
	if err := run(context.Background(), *seed, *size, *calls, *million); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, seed uint64, size, calls, million int) error {
	sheet := figure.NewSheet(os.Stdout)
	b := generate(seed, size, calls)
	fromIndex, live, err := answers(ctx, b)
	if err != nil {
		return err
	}
	fmt.Printf("%d customers, %d calls\n", len(b.customers), len(b.calls))
	fromIndex.print(os.Stdout, "from the index")
	live.print(os.Stdout, "from the system")
	for _, v := range []*verdict{&fromIndex, &live} {
		if v.resolvable < 2000 || v.ambiguous < 20 {
			return fmt.Errorf("the corpus is too small: %d resolvable, %d ambiguous", v.resolvable, v.ambiguous)
		}
	}
	sheet.AtLeast("linked_pct", min(live.pct(), fromIndex.pct()), 99)
	sheet.AtMost("wrong_links", float64(live.wrong+fromIndex.wrong), 0)
	sheet.AtMost("ambiguous_not_shown", float64(live.hidden+fromIndex.hidden), 0)
	if err := weigh(sheet, seed+1, million); err != nil {
		return err
	}
	return sheet.Err()
}

func (v *verdict) pct() float64 { return 100 * float64(v.linked) / float64(v.resolvable) }

// weigh builds an index of so many numbers from raw records, as the mirror does, and asks it.
func weigh(sheet *figure.Sheet, seed uint64, numbers int) error {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		return err
	}
	empty := heap()
	x := phoneindex.New("1c", "1C")
	var built, worked time.Duration
	var asked []customers.Number
	for part := uint64(0); x.Stats().Numbers < numbers; part++ {
		cs := generate(seed*1000+part, 50_000, 0).customers
		for i := range cs { // the parts of one base
			cs[i].Ref.ID = fmt.Sprintf("%08x%s", part, cs[i].Ref.ID[8:])
		}
		runtime.GC() // what the generator left is not the index's
		began, busy := time.Now(), processorTime()
		for chunk := range slices.Chunk(cs, 500) {
			cs := normalised(n, chunk)
			if _, err := phoneindex.EncodePage(cs); err != nil { // what is stored
				return err
			}
			x.Put(cs)
		}
		built += time.Since(began)
		worked += processorTime() - busy
		for i := 0; i < len(cs); i += 25 {
			asked = append(asked, first(n, cs[i])...)
		}
	}
	total := x.Stats()
	fmt.Printf("%d numbers of %d customers in %v, of which the processor worked %v\n",
		total.Numbers, total.Customers, built.Round(time.Millisecond), worked.Round(time.Millisecond))
	// By what the processor worked, on all its cores and for the garbage too: how many neighbours it has is not the index's doing.
	sheet.AtLeast("index_build_per_s", float64(total.Numbers)/worked.Seconds(), 50_000)

	r := rand.New(rand.NewPCG(seed, 1))
	times := make([]time.Duration, 0, 300_000)
	found := 0
	for range cap(times) {
		a := asked[r.IntN(len(asked))]
		began := time.Now()
		got := x.Lookup(a)
		times = append(times, time.Since(began))
		found += len(got)
	}
	if found < len(times) {
		return fmt.Errorf("%d customers found in %d look-ups of known numbers", found, len(times))
	}
	sheet.Print("look-up in the index", times)
	sheet.AtMost("index_lookup_p99_us", figure.Quantile(times, 0.99)*1000, 50)

	clear(asked)
	asked, times = nil, nil
	weight := heap() - empty
	runtime.KeepAlive(n)
	sheet.AtMost("index_mb_per_million", weight/1e6*1e6/float64(x.Stats().Numbers), 150)
	return nil
}

// processorTime is what the processor has worked for this process so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func first(n *customers.Normalizer, c connectors.Candidate) []customers.Number {
	if nums := n.ParseAll(c.Phones[0].Raw); len(nums) > 0 && len(nums[0].E164) == 12 {
		return nums[:1]
	}
	return nil
}

// heap is what is alive, in bytes.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
