package ari

import (
	"context"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// Provision implements telephony.Provisioner by push configuration into Asterisk's memory (sorcery.conf must let it: see
// deploy/asterisk/site). The auth is removed first, because a PUT on an existing one appends to its lists instead of replacing
// them. The endpoint is not removed: Asterisk does that some time after it has answered, and would take the new one's state
// along, so that the device were never seen again.
func (d *Driver) Provision(ctx context.Context, a telephony.Account) error {
	const op = "provisioning account"
	switch {
	case !validName(a.Endpoint) || strings.Contains(a.Endpoint, ":"): // a colon would end the user name in HA1
		return errs.Field(op, "endpoint", "letters, digits, dot, dash and underscore only")
	case len(a.HA1) != 32 || strings.Trim(a.HA1, "0123456789abcdef") != "":
		return errs.Field(op, "ha1", "is not a lower-case hex MD5")
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	defer d.accounts.lock(a.Endpoint)()
	if err := d.remove(ctx, op, "auth", a.Endpoint); err != nil {
		return err
	}
	if err := d.push(ctx, op, "auth", a.Endpoint, map[string]string{
		"auth_type": "digest", "username": a.Endpoint, "realm": d.o.Realm, "password_digest": "MD5:" + a.HA1,
	}); err != nil {
		return err
	}
	// From here on an earlier secret signs nobody in; who signed in with it goes.
	if err := d.dropContacts(ctx, op, a.Endpoint); err != nil {
		return err
	}
	if err := d.push(ctx, op, "aor", a.Endpoint, aorFields(a)); err != nil {
		return err
	}
	if err := d.push(ctx, op, "endpoint", a.Endpoint, d.endpointFields(a)); err != nil {
		return err
	}
	// A new endpoint is there some time after Asterisk has answered. A device that registers sooner is not seen to be there.
	return d.awaitState(ctx, op, a.Endpoint, func(state string) bool { return state != "" })
}

// push creates or changes an object.
func (d *Driver) push(ctx context.Context, op, kind, name string, fields map[string]string) error {
	tuples := make([]ari.ConfigTuple, 0, len(fields))
	for _, f := range fieldOrder {
		if v, ok := fields[f]; ok {
			tuples = append(tuples, ari.ConfigTuple{Attribute: f, Value: v})
		}
	}
	return pushFailed(ctx, op, d.rest.do(ctx, request{
		method: http.MethodPut, path: objectPath(kind, name), body: ari.ConfigTupleList{Fields: tuples},
	}, nil))
}

// remove removes an object; one that is not there is success.
func (d *Driver) remove(ctx context.Context, op, kind, name string) error {
	err := d.rest.do(ctx, request{method: http.MethodDelete, path: objectPath(kind, name)}, nil)
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	return pushFailed(ctx, op, err)
}

// dropContacts signs a device out. ARI cannot list contacts, but they go with their address of record: some time after
// Asterisk has answered, so wait for it, or it would take a new contact for an old one. Without contacts nothing is removed.
func (d *Driver) dropContacts(ctx context.Context, op, name string) error {
	state, err := d.endpointState(ctx, op, name)
	switch {
	case err != nil:
		return err
	case state == "online":
	case !d.seen(name):
		return nil
	default: // either its contact has been told of and the state will follow, or the other way about
		settled, cancel := context.WithTimeout(ctx, stateLag)
		err := d.awaitState(settled, op, name, func(state string) bool { return state == "online" || !d.seen(name) })
		late := settled.Err() != nil
		cancel()
		if err != nil && !late {
			return err
		}
	}
	if err := d.remove(ctx, op, "aor", name); err != nil {
		return err
	}
	return d.awaitState(ctx, op, name, func(state string) bool { return state != "online" })
}

// stateLag is how long an endpoint's state and the events about it may differ.
const stateLag = 200 * time.Millisecond

// seen tells whether the events say that the device is there.
func (d *Driver) seen(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.legs.endpoints[name]
}

// endpointState returns an endpoint's state, "" for one that does not exist.
func (d *Driver) endpointState(ctx context.Context, op, name string) (string, error) {
	var e ari.EndpointData
	err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"endpoints", d.o.EndpointTech, name}}, &e)
	if statusOf(err) == http.StatusNotFound {
		return "", nil
	}
	return e.State, fail(ctx, op, err)
}

// awaitState polls an endpoint's state; Asterisk's own threads change it, within milliseconds.
func (d *Driver) awaitState(ctx context.Context, op, name string, reached func(state string) bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		state, err := d.endpointState(ctx, op, name)
		if err != nil || reached(state) {
			return err
		}
		select {
		case <-ctx.Done():
			return fail(ctx, op, ctx.Err())
		case <-tick.C:
		}
	}
}

// fieldOrder is the order in which fields are sent: Asterisk applies them one by one, and "disallow" must come before "allow".
var fieldOrder = []string{
	"auth_type", "username", "realm", "password_digest",
	"max_contacts", "remove_existing", "qualify_frequency", "maximum_expiration",
	"webrtc", "rtp_timeout", "auth", "aors", "identify_by", "context", "disallow", "allow", "direct_media", "allow_transfer", "allow_subscribe",
	"rtp_symmetric", "force_rport", "rewrite_contact", "media_encryption", "use_avpf", "ice_support", "rtcp_mux", "bundle",
	"media_use_received_transport", "dtls_auto_generate_cert", "callerid", "language",
}

// aorFields configures where the device is. A browser's contact lives and dies with its socket; a desk phone on UDP goes without a word,
// and does not know that a restarted Asterisk has forgotten it: it is asked every 30 s, and has to register anew every 2 minutes.
func aorFields(a telephony.Account) map[string]string {
	f := map[string]string{"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "0", "maximum_expiration": "7200"}
	if !a.WebRTC {
		f["qualify_frequency"], f["maximum_expiration"] = "30", "120"
	}
	return f
}

// endpointFields configures the device. allow_transfer stays off: transfers are Pult's, and a REFER can kill Asterisk 22.10
// (asterisk#2021).
func (d *Driver) endpointFields(a telephony.Account) map[string]string {
	f := map[string]string{
		"auth": a.Endpoint, "aors": a.Endpoint, "identify_by": "auth_username,username", "context": d.o.OperatorContext,
		"disallow": "all", "allow": d.o.Formats, "direct_media": "no", "allow_transfer": "no", "allow_subscribe": "no",
		"callerid": callerID(telephony.Party{Name: a.DisplayName, Number: a.Endpoint}),
	}
	if d.o.Language != "" {
		f["language"] = d.o.Language
	}
	if a.WebRTC {
		f["webrtc"] = "yes"     // DTLS, ICE, AVPF, multiplexing and a certificate
		f["rtp_timeout"] = "60" // seconds; a browser never stops sending: what is silent for so long is dead
		return f
	}
	for _, desk := range []string{"rtp_symmetric", "force_rport", "rewrite_contact"} { // behind NAT
		f[desk] = "yes"
	}
	// What webrtc=yes switched on for an account that was a browser's before.
	for _, web := range []string{
		"webrtc", "media_encryption", "use_avpf", "ice_support", "rtcp_mux", "bundle", "media_use_received_transport", "dtls_auto_generate_cert",
	} {
		f[web] = "no"
	}
	f["rtp_timeout"] = "0" // desk phones may be silent when nobody speaks
	return f
}

// Deprovision implements telephony.Provisioner.
func (d *Driver) Deprovision(ctx context.Context, endpoint string) error {
	const op = "removing account"
	if !validName(endpoint) {
		return errs.Field(op, "endpoint", "letters, digits, dot, colon, dash and underscore only")
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	defer d.accounts.lock(endpoint)()
	if err := d.remove(ctx, op, "auth", endpoint); err != nil {
		return err
	}
	if err := d.dropContacts(ctx, op, endpoint); err != nil {
		return err
	}
	for _, kind := range []string{"aor", "endpoint"} {
		if err := d.remove(ctx, op, kind, endpoint); err != nil {
			return err
		}
	}
	// Until it is really gone, a new endpoint of that name would go with it.
	return d.awaitState(ctx, op, endpoint, func(state string) bool { return state == "" })
}

// stripes are locks by name: two changes of one account must not mix, those of different accounts go on side by side.
type stripes [64]sync.Mutex

// lock locks a name and returns what unlocks it.
func (s *stripes) lock(name string) (unlock func()) {
	h := fnv.New32a()
	h.Write([]byte(name)) // never fails
	m := &s[h.Sum32()%uint32(len(s))]
	m.Lock()
	return m.Unlock
}

func objectPath(kind, name string) []string {
	return []string{"asterisk", "config", "dynamic", "res_pjsip", kind, name}
}

// pushFailed gives an error of a push its kind. 403 is an Asterisk whose sorcery.conf has no writable place, or an endpoint of
// that name in its files.
func pushFailed(ctx context.Context, op string, err error) error {
	switch statusOf(err) {
	case http.StatusForbidden:
		return &errs.Error{
			Kind: errs.Unsupported, Op: op, Err: err,
			Msg: "Asterisk takes no accounts from Pult: sorcery.conf needs a writable place for res_pjsip, or the name is taken in pjsip.conf",
		}
	case http.StatusNotFound, http.StatusBadRequest:
		return &errs.Error{Kind: errs.Internal, Op: op, Msg: "Asterisk refuses the account", Err: err}
	}
	return fail(ctx, op, err)
}
