package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/telephony"
)

// beginning is what is told when a link is up: LinkUp, then LegStarted for legs that nobody was ever told of.
type beginning struct {
	up    telephony.LinkUp
	fresh []telephony.Event
}

// channel is a channel's snapshot. The library's type lacks what the channel executes.
type channel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Caller   ari.CallerID
	Dialplan struct {
		Exten   string `json:"exten"`
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	} `json:"dialplan"`
	CreationTime ari.DateTime `json:"creationtime"`

	note note
}

// truth is what Asterisk says of itself after a connect.
type truth struct {
	info      ari.AsteriskInfo
	now       time.Time // its clock
	ours      map[string]bool
	channels  []channel
	bridges   []ari.BridgeData
	endpoints []ari.EndpointData
}

// synchronise prepares the application, fetches the truth and makes it the driver's own. Events that came since the connect
// wait in the queue and are applied afterwards; most of them say again what the truth says, and then do nothing.
func (d *Driver) synchronise(s *session) (beginning, error) {
	ctx, cancel := context.WithTimeout(s.ctx, d.timing.sync)
	defer cancel()
	if err := d.subscribe(ctx); err != nil {
		return beginning{}, fmt.Errorf("subscribing to events: %w", err)
	}
	if d.o.Door != nil {
		if err := d.echo(ctx, s); err != nil {
			return beginning{}, err
		}
	}
	t, err := d.fetch(ctx)
	if err != nil {
		return beginning{}, fmt.Errorf("asking Asterisk for its calls: %w", err)
	}
	d.reap(ctx, t)
	return d.adopt(t), nil
}

// subscribe sets the event filter and asks for the endpoints' events. Both may have been lost with the last connection.
func (d *Driver) subscribe(ctx context.Context) error {
	types := make([]map[string]string, 0, len(used)+1)
	for name := range used {
		types = append(types, map[string]string{"type": name})
	}
	if d.o.Door != nil {
		types = append(types, map[string]string{"type": typeEcho})
	}
	err := d.eventually(ctx, request{
		method: http.MethodPut, path: []string{"applications", d.o.App, "eventFilter"}, body: map[string]any{"allowed": types},
	})
	if err != nil {
		return err
	}
	return d.eventually(ctx, request{
		method: http.MethodPost, path: []string{"applications", d.o.App, "subscription"}, creates: true,
		query: url.Values{"eventSource": {"endpoint:" + d.o.EndpointTech}},
	})
}

// eventually repeats a request while Asterisk has not registered the application yet, which it does after it has accepted the
// WebSocket.
func (d *Driver) eventually(ctx context.Context, r request) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for try := 0; ; try++ {
		once, cancel := context.WithTimeout(ctx, d.timing.command)
		err := d.rest.do(once, r, nil)
		cancel()
		if statusOf(err) != http.StatusNotFound || try == 50 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// fetch asks for everything.
func (d *Driver) fetch(ctx context.Context) (*truth, error) {
	t := &truth{ours: map[string]bool{}}
	get := func(out any, path ...string) error {
		once, cancel := context.WithTimeout(ctx, d.timing.command)
		defer cancel()
		return d.rest.do(once, request{method: http.MethodGet, path: path}, out)
	}
	var ping struct{ Timestamp ari.DateTime }
	var app struct {
		Channels []string `json:"channel_ids"`
	}
	for _, g := range []struct {
		out  any
		path []string
	}{
		{&t.info, []string{"asterisk", "info"}},
		{&ping, []string{"asterisk", "ping"}},
		{&app, []string{"applications", d.o.App}},
		{&t.channels, []string{"channels"}},
		{&t.bridges, []string{"bridges"}},
		{&t.endpoints, []string{"endpoints", d.o.EndpointTech}},
	} {
		if err := get(g.out, g.path...); err != nil {
			return nil, err
		}
	}
	t.now = time.Time(ping.Timestamp)
	for _, id := range app.Channels {
		t.ours[id] = true
	}
	t.channels = slices.DeleteFunc(t.channels, func(c channel) bool { return !t.ours[c.ID] && !c.inApp(d.o.App) })
	return t, d.readNotes(ctx, t.channels)
}

// inApp reports whether the channel executes our application. Asterisk tells what a channel executes since 18.
func (c *channel) inApp(app string) bool {
	name, _, _ := strings.Cut(c.Dialplan.AppData, ",")
	return c.Dialplan.AppName == "Stasis" && name == app
}

// readNotes reads the marks of all channels, some at a time.
func (d *Driver) readNotes(ctx context.Context, channels []channel) error {
	errList := make([]error, len(channels))
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxConns/2)
	for i := range channels {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			once, cancel := context.WithTimeout(ctx, d.timing.command)
			defer cancel()
			var v struct{ Value string }
			err := d.rest.do(once, request{
				method: http.MethodGet, path: []string{"channels", channels[i].ID, "variable"}, query: url.Values{"variable": {markVariable}},
			}, &v)
			// 404: no marks, or the channel is gone, which an event in the queue says.
			if err != nil && statusOf(err) != http.StatusNotFound {
				errList[i] = err
			}
			channels[i].note = decodeNote(v.Value)
		})
	}
	wg.Wait()
	return errors.Join(errList...)
}

// reap destroys mixing bridges of ours that nobody is in. Asterisk never does, and no command can be filling them: there was
// no link.
func (d *Driver) reap(ctx context.Context, t *truth) {
	t.bridges = slices.DeleteFunc(t.bridges, func(b ari.BridgeData) bool {
		if b.Name != d.o.App || b.Type != "mixing" || len(b.ChannelIDs) > 0 {
			return false
		}
		once, cancel := context.WithTimeout(ctx, d.timing.command)
		defer cancel()
		err := d.rest.do(once, request{method: http.MethodDelete, path: []string{"bridges", b.ID}}, nil)
		if err != nil && statusOf(err) != http.StatusNotFound {
			d.log.Warn("an empty bridge stays", "error", err)
		}
		return true
	})
}

// adopt replaces the table of legs by the truth.
func (d *Driver) adopt(t *truth) beginning {
	now := time.Now()
	up := telephony.LinkUp{At: now, Node: t.info.SystemInfo.EntityID, StartedAt: time.Time(t.info.StatusInfo.StartupTime)}
	var fresh []telephony.Event

	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.legs
	table := newLegTable(d.o)
	table.gone = old.gone
	for i := range t.channels {
		c := &t.channels[i]
		l := table.adoptChannel(c, d.o.App, old.legs[telephony.LegID(c.ID)])
		if l == nil {
			continue
		}
		l.Created = now
		if created := time.Time(c.CreationTime); !created.IsZero() && !t.now.IsZero() {
			l.Created = now.Add(-t.now.Sub(created)) // its age by the PBX's clock, counted back on ours
		}
		table.legs[l.ID], table.adopted[l.ID] = l, true
	}
	var mixing []telephony.BridgeID
	for _, b := range t.bridges {
		if b.Name == d.o.App && b.Type == "mixing" {
			id := portBridge(b.ID)
			table.bridges[id] = true
			if b.ID != string(id) {
				table.anew[id] = b.ID
			}
			mixing = append(mixing, id)
		}
		for _, id := range b.ChannelIDs {
			if l := table.legs[telephony.LegID(id)]; l != nil && b.Type == "holding" {
				l.Parked = true
			} else if l != nil {
				l.Bridge = portBridge(b.ID)
			}
		}
	}
	for _, l := range table.sorted() {
		known := old.legs[l.ID]
		if !l.originated && len(l.Marks) == 0 && (known == nil || !known.entered) {
			fresh = append(fresh, telephony.LegStarted{At: now, Leg: l.snapshot(), Args: l.args})
			continue
		}
		up.Legs = append(up.Legs, l.snapshot())
	}
	slices.Sort(mixing)
	up.Bridges = table.bridgesOf(mixing)
	for _, e := range t.endpoints {
		if e.Technology == d.o.EndpointTech && e.Resource != "" {
			table.endpoints[e.Resource] = e.State == "online"
			up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: e.Resource, Online: e.State == "online"})
		}
	}
	slices.SortFunc(up.Endpoints, func(a, b telephony.Endpoint) int { return strings.Compare(a.Name, b.Name) })
	d.legs = table
	return beginning{up: up, fresh: fresh}
}

// adoptChannel makes the leg of a channel of the truth; old is what we knew of it, or nil. It returns nil for a channel that is
// ours no more: one that went on in the dialplan and is still watched.
func (t *legTable) adoptChannel(c *channel, app string, old *leg) *leg {
	l := &leg{
		Leg: telephony.Leg{
			ID: telephony.LegID(c.ID), State: legState(c.State), Endpoint: endpointName(t.o.EndpointTech, c.Name), Marks: c.note.marks,
		},
		originated: c.note.originated,
		number:     c.note.number,
		entered:    c.inApp(app),
		args:       dialedArgs(c.Dialplan.AppData),
	}
	switch {
	case l.originated && !l.entered && l.State == telephony.LegUp:
		return nil // it left us
	case !l.originated && !l.entered:
		return nil
	case l.originated:
		l.Party = farEnd(l.Endpoint, l.number)
	default:
		l.Party, l.Dialed = party(&c.Caller), c.Dialplan.Exten
	}
	if old == nil {
		return l
	}
	// What only we know: that we are ending it, and marks that wait to be written.
	l.hangup, l.returned, l.uncertain, l.lastDigit = old.hangup, old.returned, old.uncertain, old.lastDigit
	if old.unwritten {
		l.unwritten, l.Marks = true, old.Marks
	}
	return l
}

// sorted returns the legs, oldest first.
func (t *legTable) sorted() []*leg {
	out := make([]*leg, 0, len(t.legs))
	for _, l := range t.legs {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *leg) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return out
}

// farEnd is the party of a leg that we originated.
func farEnd(endpoint, number string) telephony.Party {
	if number != "" {
		return telephony.Party{Number: number}
	}
	return telephony.Party{Number: endpoint}
}
