package httpjson

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// signer lets requests in.
type signer struct {
	Auth
	web      *web.Client
	base     string
	endpoint *url.URL // of tokens; nil without OAuth

	token held // token

	rotating  connectors.Rotating // keeps refresh tokens; nil: auth.keep does, or nobody
	reference string              // of the refresh token

	mu      sync.Mutex
	refresh string // the newest refresh token, where rotating is nil
	unkept  bool   // it is not in the file that is to keep it
}

// renewing is how long the system may take to give a token for a refresh token.
const renewing = 20 * time.Second

type token struct {
	access string
	until  time.Time // zero: until it is refused
}

// newSigner resolves the secrets of an Auth.
func newSigner(ctx context.Context, c Config, secrets connectors.Secrets) (*signer, error) {
	s := &signer{Auth: c.Auth, base: c.BaseURL}
	for field, v := range map[string]*string{
		"password": &s.Password, "token": &s.Token, "client_secret": &s.ClientSecret, "refresh_token": &s.RefreshToken,
	} {
		var err error
		if *v, err = conf.Secret(ctx, secrets, "auth."+field, *v); err != nil {
			return nil, err
		}
	}
	if s.Kind != authClient && s.Kind != authRefresh {
		return s, nil
	}
	var err error
	if s.endpoint, err = c.tokenURL(); err != nil {
		return nil, err
	}
	s.refresh = s.RefreshToken
	if r, ok := secrets.(connectors.Rotating); ok && s.Kind == authRefresh && c.Auth.Keep == "" {
		s.rotating, s.reference = r, c.Auth.RefreshToken
		return s, nil
	}
	if err := s.recall(); err != nil {
		return nil, conf.Field("auth.keep", "cannot be read")
	}
	return s, nil
}

// recall takes the refresh token that was kept last, by this process or another.
func (s *signer) recall() error {
	s.mu.Lock()
	unkept := s.unkept
	s.mu.Unlock()
	if s.Keep == "" || unkept { // what is in the file is spent
		return nil
	}
	kept, err := os.ReadFile(s.Keep)
	switch {
	case os.IsNotExist(err):
		return nil
	case err != nil:
		return err
	}
	if t := strings.TrimSpace(string(kept)); t != "" {
		s.mu.Lock()
		s.refresh = t
		s.mu.Unlock()
	}
	return nil
}

// sign adds what lets the request in. It returns the turn of the token, 0 where there is none that could be renewed.
func (s *signer) sign(ctx context.Context, op string, req *http.Request) (int, error) {
	switch s.Kind {
	case authBasic:
		req.SetBasicAuth(s.User, s.Password)
	case authBearer:
		prefix := s.Prefix
		if prefix == "" {
			prefix = "Bearer "
		}
		req.Header.Set("Authorization", prefix+s.Token)
	case authHeader:
		req.Header.Set(s.Name, s.Prefix+s.Token)
	case authQuery:
		if req.URL.RawQuery != "" {
			req.URL.RawQuery += "&"
		}
		req.URL.RawQuery += queryKey(s.Name) + "=" + queryEscape(s.Token)
	case authPath:
		rest := strings.TrimPrefix(req.URL.String(), s.base)
		u, err := url.Parse(s.base + "/" + url.PathEscape(s.Token) + rest)
		if err != nil {
			return 0, errs.E(errs.Internal, op, "the request could not be made")
		}
		req.URL = u
	case authClient, authRefresh:
		v, turn, err := s.token.get(ctx, func(ctx context.Context) (any, error) { return s.fetch(ctx, op) })
		if err != nil {
			return 0, err
		}
		if t := v.(token); !t.until.IsZero() && time.Now().After(t.until) {
			s.token.forget(turn)
			if v, turn, err = s.token.get(ctx, func(ctx context.Context) (any, error) { return s.fetch(ctx, op) }); err != nil {
				return 0, err
			}
		}
		if s.Name != "" {
			return turn, intoBody(op, req, s.Name, v.(token).access)
		}
		req.Header.Set("Authorization", "Bearer "+v.(token).access)
		return turn, nil
	}
	return 0, nil
}

// intoBody adds a field to the JSON object that a request sends.
func intoBody(op string, req *http.Request, name, value string) error {
	field, err := json.Marshal(map[string]string{name: value})
	if err != nil || req.GetBody == nil {
		return errs.E(errs.Invalid, op, "an access token that is a field of the body needs requests with a body")
	}
	body, err := req.GetBody()
	if err != nil {
		return errs.E(errs.Internal, op, "the request could not be made")
	}
	defer body.Close()
	own, err := io.ReadAll(body) // in memory
	own = bytes.TrimSpace(own)
	if err != nil || !bytes.HasPrefix(own, []byte("{")) {
		return errs.E(errs.Invalid, op, "an access token that is a field of the body needs a body that is a JSON object")
	}
	rest := bytes.TrimSpace(own[1:])
	if !bytes.HasPrefix(rest, []byte("}")) {
		rest = append([]byte(","), rest...)
	}
	whole := append(field[:len(field)-1:len(field)-1], rest...)
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(whole)), int64(len(whole))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
	return nil
}

// fetch gets an access token.
func (s *signer) fetch(ctx context.Context, op string) (any, error) {
	switch {
	case s.Kind == authClient:
		t, _, err := s.ask(ctx, op, url.Values{"grant_type": {"client_credentials"}})
		return t, err
	case s.rotating != nil:
		var t token
		err := s.rotating.Rotate(ctx, s.reference, func(ctx context.Context, refresh string) (next string, err error) {
			t, next, err = s.ask(ctx, op, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
			return next, err
		})
		return t, err
	}
	kept, err := s.successor(op) // before a token is spent
	if err != nil {
		return nil, err
	}
	defer kept.leave()
	// What was begun goes on though nobody waits for it any more: the token is spent all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewing)
	defer cancel()
	for former := ""; ; {
		if err := s.recall(); err != nil {
			return nil, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the kept refresh token cannot be read; see auth.keep", Err: err}
		}
		s.mu.Lock()
		refresh := s.refresh
		s.mu.Unlock()
		t, next, err := s.ask(ctx, op, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		if errs.Is(err, errs.Unauthenticated) && former == "" && s.Keep != "" {
			if former = refresh; s.recall() == nil && s.newer(refresh) {
				continue // another process was faster, and has kept the new one
			}
		}
		if err == nil {
			err = s.keep(op, next, kept)
		}
		return t, err
	}
}

// newer tells whether there is another refresh token by now.
func (s *signer) newer(refresh string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh != refresh
}

// ask puts a grant to the token endpoint. It returns the refresh token that came along, "" if none did.
func (s *signer) ask(ctx context.Context, op string, form url.Values) (token, string, error) {
	for k, v := range s.Params {
		if !form.Has(k) {
			form.Set(k, v)
		}
	}
	if s.Scope != "" {
		form.Set("scope", s.Scope)
	}
	basic := s.Credentials == "basic"
	if !basic {
		form.Set("client_id", s.ClientID)
		if s.ClientSecret != "" {
			form.Set("client_secret", s.ClientSecret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, "", errs.E(errs.Internal, op, "the request for a token could not be made")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if basic {
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString(
			[]byte(url.QueryEscape(s.ClientID)+":"+url.QueryEscape(s.ClientSecret)))) // RFC 6749, section 2.3.1
	}
	a, err := s.web.Do(ctx, op, req)
	if err != nil {
		return token{}, "", err
	}
	if a.Status == http.StatusBadRequest {
		a.Status = http.StatusUnauthorized // invalid_client, invalid_grant: RFC 6749, section 5.2
	}
	if err := usual(op, &operation{name: "token"}, a); err != nil {
		return token{}, "", err
	}
	var t struct {
		Access  string      `json:"access_token"`
		Refresh string      `json:"refresh_token"`
		Expires json.Number `json:"expires_in"`
	}
	if a.Page() {
		return token{}, "", errs.E(errs.Unavailable, op, "a web page came instead of a token")
	}
	if err := json.Unmarshal(a.Body, &t); err != nil {
		return token{}, "", web.NotJSON(op, err)
	}
	if t.Access == "" {
		return token{}, "", errs.E(errs.Unauthenticated, op, "the system gave no token")
	}
	out := token{access: t.Access}
	if n, err := t.Expires.Int64(); err == nil && n > 0 {
		out.until = time.Now().Add(time.Duration(n)*time.Second - min(30*time.Second, time.Duration(n)*time.Second/10))
	}
	return out, t.Refresh, nil
}

// successor is a file that is to replace that of the kept token; nil where none is kept.
type successor struct{ *os.File }

func (s *signer) successor(op string) (successor, error) {
	if s.Keep == "" {
		return successor{}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(s.Keep), ".keep-*") // 0600
	if err != nil {
		return successor{}, s.notKept(op, err)
	}
	return successor{f}, nil
}

// take makes the file the one at path.
func (p successor) take(path, text string) error {
	_, err := p.WriteString(text)
	if e := p.Sync(); err == nil {
		err = e
	}
	if e := p.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(p.Name(), path)
	}
	return err
}

// leave removes a file that was not taken.
func (p successor) leave() {
	if p.File != nil {
		_ = p.Close()
		_ = os.Remove(p.Name()) // gone when it was taken
	}
}

// keep remembers a refresh token that came with an access token: systems that change it at each use refuse the former. One that cannot
// be written is remembered, and written the next time.
func (s *signer) keep(op, refresh string, into successor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refresh != "" && refresh != s.refresh {
		s.refresh, s.unkept = refresh, s.Keep != ""
	}
	if !s.unkept {
		return nil
	}
	if err := into.take(s.Keep, s.refresh); err != nil {
		return s.notKept(op, err)
	}
	s.unkept = false
	return nil
}

func (s *signer) notKept(op string, err error) error {
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the new refresh token cannot be kept; see auth.keep", Err: fmt.Errorf("writing %s: %w", s.Keep, err)}
}
