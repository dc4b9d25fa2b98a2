package ari

import (
	"context"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// Provision implements telephony.Provisioner by push configuration into Asterisk's memory (sorcery.conf must let it: see
// deploy/asterisk/site). Objects are removed first, because a PUT on an existing auth appends to its lists instead of replacing
// them. Removing the address of record drops its contacts, with every secret they signed in with; without the auth no device
// can sign in until all is in place.
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
	if err := d.removeObjects(ctx, op, a.Endpoint); err != nil {
		return err
	}
	for _, o := range []struct {
		kind   string
		fields map[string]string
	}{
		{"auth", map[string]string{
			"auth_type": "digest", "username": a.Endpoint, "realm": d.o.Realm, "password_digest": "MD5:" + a.HA1,
		}},
		{"aor", map[string]string{"max_contacts": "1", "remove_existing": "yes"}},
		{"endpoint", d.endpointFields(a)},
	} {
		tuples := make([]ari.ConfigTuple, 0, len(o.fields))
		for _, name := range fieldOrder {
			if v, ok := o.fields[name]; ok {
				tuples = append(tuples, ari.ConfigTuple{Attribute: name, Value: v})
			}
		}
		err := d.rest.do(ctx, request{
			method: http.MethodPut, path: objectPath(o.kind, a.Endpoint), body: ari.ConfigTupleList{Fields: tuples},
		}, nil)
		if err := pushFailed(ctx, op, err); err != nil {
			return err
		}
	}
	return nil
}

// fieldOrder is the order in which fields are sent: Asterisk applies them one by one, and "disallow" must come before "allow".
var fieldOrder = []string{
	"auth_type", "username", "realm", "password_digest",
	"max_contacts", "remove_existing",
	"webrtc", "auth", "aors", "identify_by", "context", "disallow", "allow", "direct_media", "allow_transfer", "allow_subscribe",
	"rtp_symmetric", "force_rport", "rewrite_contact", "callerid", "language",
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
		f["webrtc"] = "yes" // DTLS, ICE, AVPF, multiplexing and a certificate
	} else {
		f["rtp_symmetric"], f["force_rport"], f["rewrite_contact"] = "yes", "yes", "yes" // desk phones behind NAT
	}
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
	return d.removeObjects(ctx, op, endpoint)
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

// removeObjects removes what Provision pushed: first what lets a device in, then its contacts, then the rest.
func (d *Driver) removeObjects(ctx context.Context, op, name string) error {
	for _, kind := range []string{"auth", "aor", "endpoint"} {
		err := d.rest.do(ctx, request{method: http.MethodDelete, path: objectPath(kind, name)}, nil)
		if statusOf(err) == http.StatusNotFound {
			continue
		}
		if err := pushFailed(ctx, op, err); err != nil {
			return err
		}
	}
	return nil
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
