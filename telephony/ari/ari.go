// Package ari drives Asterisk 22 through its REST interface (ARI): it implements telephony.Driver and every optional
// capability. It is the only importer of github.com/CyCoreSystems/ari, of which it uses the event and data types and the
// decoder; that library's WebSocket client and bus end the process on an event type they do not know, drop events silently
// and know no deadline, so the link, the queue and the REST calls are our own.
//
// How it keeps the port's promises:
//
//   - One reader takes frames from the socket as fast as they come (Asterisk cuts a slow reader off) into an ordered queue that
//     only an alarm bounds; one goroutine decodes and delivers. Nothing is asked of Asterisk before a leg is reported.
//   - After every connect the whole truth is fetched (see snapshot) while events wait, and they are applied after it; every
//     event is idempotent, because Asterisk sends those of a leg twice to who also watches its endpoint.
//   - What must survive us is written on the channel, in the one variable PULT (see marks).
//   - Ids are chosen by us, so that creating twice is answered 409, which is success.
package ari

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// Options of a Driver. URL, User and Password are needed, the rest has defaults.
type Options struct {
	// URL is the base of ARI: "http://pbx:8088/ari".
	URL string
	// WSURL is where the events are. Default: URL with the scheme ws or wss, and "/events".
	WSURL string
	// User and Password are those of ari.conf.
	User, Password string
	// Door is where Asterisk connects to us to tell its events. Nil: we connect to Asterisk.
	Door *Door
	// App is the Stasis application. Default "pult".
	App string
	// Trunk says how a number is dialled; %s is the number. Default "PJSIP/%s@carrier".
	Trunk string
	// EndpointTech is the technology of operators' devices. Default "PJSIP".
	EndpointTech string
	// Formats are the codecs offered to operators' devices, the preferred first. Default "opus,alaw,ulaw".
	Formats string
	// OperatorContext is the dialplan context of what operators' devices dial by hand. Default "pult-operators".
	OperatorContext string
	// DemoTrunk says how the demo's customer calls a number; %s is the number. Default "PJSIP/%s@demo-customer".
	DemoTrunk string
	// Language of announcements for operators' devices and for the demo's customer ("en", "ru"). Default: Asterisk's own.
	Language string
	// Realm is the SIP digest realm of operators' accounts. Default "asterisk".
	Realm string
	// PhoneURLs are where phones connect. Default: "/ws" of the host of URL.
	PhoneURLs []string
	// TLS configures https and wss. Nil: the system's roots.
	TLS *tls.Config
	// Logger gets a line when the link comes and goes. Default: slog's.
	Logger *slog.Logger
}

// timing holds every interval, for tests to shorten.
type timing struct {
	command     time.Duration // a command's own deadline
	dial        time.Duration // for the WebSocket
	sync        time.Duration // for the snapshot
	ping        time.Duration // between pings, and how long an answer may take
	backoffMin  time.Duration
	backoffMax  time.Duration
	replaced    time.Duration // before taking the application back
	refused     time.Duration // before showing the same password again
	late        time.Duration // of an Asterisk that should connect
	steadyAfter time.Duration // a link that lasted this long starts the back-off anew
	overflow    int           // frames that may wait
	alarm       int           // frames that wait and are worth a warning
}

var defaultTiming = timing{
	command: 3 * time.Second, dial: 5 * time.Second, sync: 10 * time.Second, ping: 5 * time.Second,
	// No phone can register before the link is up again and its account is pushed: phones are to be back within ten seconds,
	// however long Asterisk was away. A port that nobody listens on is asked cheaply.
	backoffMin: 250 * time.Millisecond, backoffMax: 2 * time.Second,
	replaced: 15 * time.Second, refused: 10 * time.Second, late: 10 * time.Second,
	steadyAfter: 10 * time.Second,
	overflow:    50_000, alarm: 1_000,
}

// Driver is a connection to one Asterisk. All methods may be called concurrently.
type Driver struct {
	o      Options
	timing timing
	log    *slog.Logger
	rest   *restClient
	music  telephony.BridgeID // the holding bridge in which parked legs hear music

	ran  atomic.Bool
	link atomic.Pointer[session] // nil without a link

	mu      sync.Mutex // guards what follows
	legs    *legTable
	lastErr error

	accounts stripes // locks of Provision and Deprovision
	stats    counters
	tap      func(data []byte) // sees every frame; nil but in tests
}

// New checks the options and makes a Driver. It connects nowhere before Run.
func New(o Options) (*Driver, error) {
	const op = "configuring Asterisk driver"
	base, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errs.Field(op, "url", "must be like http://pbx:8088/ari")
	}
	if o.User == "" || o.Password == "" {
		return nil, errs.Field(op, "user", "ARI user and password are needed")
	}
	scheme := strings.Replace(base.Scheme, "http", "ws", 1)
	if o.WSURL == "" {
		o.WSURL = fmt.Sprintf("%s://%s%s/events", scheme, base.Host, base.Path)
	}
	ws, err := url.Parse(o.WSURL)
	if err != nil || ws.Host == "" || ws.Scheme != "ws" && ws.Scheme != "wss" {
		return nil, errs.Field(op, "wsUrl", "must be like ws://pbx:8088/ari/events")
	}
	setDefault(&o.App, "pult")
	setDefault(&o.Trunk, "PJSIP/%s@carrier")
	setDefault(&o.EndpointTech, "PJSIP")
	setDefault(&o.Formats, "opus,alaw,ulaw")
	setDefault(&o.OperatorContext, "pult-operators")
	setDefault(&o.DemoTrunk, "PJSIP/%s@demo-customer")
	setDefault(&o.Realm, "asterisk")
	if len(o.PhoneURLs) == 0 {
		o.PhoneURLs = []string{fmt.Sprintf("%s://%s/ws", scheme, base.Host)}
	}
	for field, trunk := range map[string]string{"trunk": o.Trunk, "demoTrunk": o.DemoTrunk} {
		if strings.Count(trunk, "%s") != 1 || strings.Count(trunk, "%") != 1 {
			return nil, errs.Field(op, field, "must hold %s once, for the number")
		}
	}
	if !validName(o.App) {
		return nil, errs.Field(op, "app", "letters, digits, dot, dash and underscore only")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	d := &Driver{
		o: o, timing: defaultTiming, log: o.Logger.With("part", "ari"),
		music: telephony.BridgeID(o.App + "-music"),
		legs:  newLegTable(o),
	}
	d.rest = newRESTClient(base, o)
	return d, nil
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// validName reports whether s can be an endpoint's, an application's or a leg's name: it goes into paths and dial strings.
func validName(s string) bool {
	if s == "" || len(s) > 128 || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}

// LastError says why there is no link to Asterisk, nil while there is one. It is for readiness checks and `pult doctor`.
func (d *Driver) LastError() error {
	if d.link.Load() != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lastErr == nil {
		return errs.E(errs.Unavailable, "connecting to Asterisk", "not connected yet")
	}
	return d.lastErr
}

// Realm implements telephony.Provisioner.
func (d *Driver) Realm() string { return d.o.Realm }

// PhoneURLs implements telephony.Provisioner.
func (d *Driver) PhoneURLs() []string { return slices.Clone(d.o.PhoneURLs) }

// begin admits a command: it is refused without a link; ctx gets the driver's own deadline, and ends with the link, because
// an instance that lost the application must not go on commanding its legs. done must be called.
func (d *Driver) begin(ctx context.Context, op string) (_ context.Context, done func(), _ error) {
	s := d.link.Load()
	if s == nil || s.fenced.Load() {
		return nil, nil, errs.E(errs.Unavailable, op, "Asterisk is not connected")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, errs.With(errs.Timeout, op, err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.timing.command)
	ctx, cancelCause := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancelCause(errLinkLost) })
	return ctx, func() { stop(); cancelCause(nil); cancel() }, nil
}

var (
	_ telephony.Driver      = (*Driver)(nil)
	_ telephony.DigitSender = (*Driver)(nil)
	_ telephony.Muter       = (*Driver)(nil)
	_ telephony.Ringbacker  = (*Driver)(nil)
	_ telephony.Returner    = (*Driver)(nil)
	_ telephony.Provisioner = (*Driver)(nil)
	_ telephony.DemoCaller  = (*Driver)(nil)
	_ telephony.RTPMeter    = (*Driver)(nil)
)
