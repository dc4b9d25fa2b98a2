package workbench

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// rotation is a secret that changed when it was used. It stands for the one that was given, for the connector as it was configured
// when it was given, and for no other: whoever knows the former one and another address does not get the newest sent there.
type rotation struct {
	Realm  string `json:"realm"` // see binding
	Path   string `json:"path"`
	Given  string `json:"given"`
	Newest string `json:"newest"`
	Turn   int    `json:"turn"` // how often it has changed: of two the greater one is good, the other spent
}

func (r rotation) same(o rotation) bool {
	return r.Realm == o.Realm && r.Path == o.Path && r.Given == o.Given
}

// maxRotations is how many are remembered of a connector: of what is in use, and of drafts that may be saved yet.
const maxRotations = 8

// keeping is how long a system may take to change a secret, and the database to store it. Whoever asked may have gone meanwhile: the
// former secret is spent all the same.
const keeping = 20 * time.Second

// unsaved are rotations that are not in the database: of drafts that have never been saved, or because it was away.
type unsaved struct {
	mu sync.Mutex
	m  map[string][]rotation // by connector
}

func (u *unsaved) of(id string) []rotation {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.m[id])
}

func (u *unsaved) put(id string, r rotation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.m == nil {
		u.m = map[string][]rotation{}
	}
	u.m[id] = with(u.m[id], r)
}

// name gives what changed while a draft was tried to the name that it is saved under, if it was tried without one or under another.
func (u *unsaved) name(id, realm string) {
	for _, r := range u.all() {
		if r.Realm == realm {
			u.put(id, r)
			if id != nameless {
				u.forget(nameless, []rotation{r})
			}
		}
	}
}

func (u *unsaved) all() []rotation {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Concat(slices.Collect(maps.Values(u.m))...)
}

func (u *unsaved) forget(id string, done []rotation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	left := slices.DeleteFunc(u.m[id], func(r rotation) bool { return slices.Contains(done, r) })
	if u.m[id] = left; len(left) == 0 {
		delete(u.m, id)
	}
}

// with puts a rotation at the end of a list, in the place of what it replaces; a later one stays.
func with(list []rotation, r rotation) []rotation {
	r = newest(list, r)
	list = append(slices.DeleteFunc(slices.Clone(list), r.same), r)
	return list[max(0, len(list)-maxRotations):]
}

// newest is the latest of a rotation and what a list has of the same secret.
func newest(list []rotation, r rotation) rotation {
	for _, known := range list {
		if known.same(r) && known.Turn >= r.Turn {
			r = known
		}
	}
	return r
}

// keeper are the secrets of one connector, those that change included.
type keeper struct {
	held
	s     *Service
	id    string
	realm string
}

var _ connectors.Rotating = (*keeper)(nil)

// Rotate implements connectors.Rotating.
func (k *keeper) Rotate(ctx context.Context, ref string, use func(ctx context.Context, value string) (string, error)) error {
	const op = "renewing a secret"
	given, err := k.Secret(ctx, ref)
	if err != nil {
		return err
	}
	release, err := k.s.o.Lock(ctx, "secrets:"+k.id)
	if err != nil {
		return errs.Wrap(op, err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keeping)
	defer cancel()
	stored, _, err := k.s.rotations(ctx, k.id)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return errs.Wrap(op, err)
	}
	// What is not stored may have been stored all the same, when the answer was lost, and been used by another process since.
	r := newest(append(stored, k.s.unsaved.all()...), rotation{Realm: k.realm, Path: strings.TrimPrefix(ref, scheme), Given: given, Newest: given})
	next, err := use(ctx, r.Newest)
	if next == "" || next == r.Newest {
		return err
	}
	r.Newest, r.Turn = next, r.Turn+1
	k.s.unsaved.put(k.id, r)
	if e := k.s.keepRotations(ctx, k.id); e != nil && !errs.Is(e, errs.NotFound) {
		k.s.o.Log.Warn("a renewed secret is not stored yet", "connector", k.id, "err", e)
		if err == nil {
			err = &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the system's new refresh token could not be stored", Err: e}
		}
	}
	return err
}

// keepDrafts stores what changed while a connector was tried before it was saved.
func (s *Service) keepDrafts(ctx context.Context, r Record) error {
	f, err := s.kind(r.Kind)
	if err != nil {
		return err
	}
	b, err := s.bindingOf(f, r)
	if err != nil {
		return err
	}
	s.unsaved.name(r.ID, b.Realm)
	return s.keepRotations(ctx, r.ID)
}

// keepRotations stores what is not stored yet; a connector that is not there is errs.NotFound.
func (s *Service) keepRotations(ctx context.Context, id string) error {
	news := s.unsaved.of(id)
	if len(news) == 0 {
		return nil
	}
	var err error
	for range 3 { // somebody else may have stored theirs
		var list []rotation
		var former []byte
		if list, former, err = s.rotations(ctx, id); err != nil {
			return err
		}
		for _, r := range news {
			list = with(list, r)
		}
		var text, sealed []byte
		if text, err = json.Marshal(list); err != nil {
			return errs.With(errs.Internal, "sealing secrets", err)
		}
		sealed, _, err = s.o.Sealer.Seal(ctx, rotationsOf(id), text)
		clear(text)
		if err != nil {
			return err
		}
		if err = s.o.Repository.SaveRotated(ctx, id, former, sealed); err == nil {
			s.unsaved.forget(id, news)
			return nil
		}
		if !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return err
}

// rotations reads what is stored, and how it is. What does not open is nothing: what was given is tried, and asked for again.
func (s *Service) rotations(ctx context.Context, id string) ([]rotation, []byte, error) {
	sealed, err := s.o.Repository.Rotated(ctx, id)
	if err != nil || len(sealed) == 0 {
		return nil, nil, err
	}
	text, err := s.o.Sealer.Open(ctx, rotationsOf(id), sealed)
	if errs.Is(err, errs.Unavailable) || errs.Is(err, errs.Timeout) {
		return nil, nil, err // the key is away, which passes
	}
	defer clear(text)
	var list []rotation
	if err != nil || json.NewDecoder(bytes.NewReader(text)).Decode(&list) != nil {
		s.o.Log.Warn("renewed secrets cannot be opened", "connector", id)
		return nil, sealed, nil
	}
	return list, sealed, nil
}

func rotationsOf(id string) seal.Binding {
	return seal.Binding{Operator: id, Realm: "rotated", Purpose: "connector"}
}
