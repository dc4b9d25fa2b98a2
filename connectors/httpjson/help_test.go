package httpjson_test

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func jsonInto(raw json.RawMessage, v any) error { return json.Unmarshal(raw, v) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func encode(form map[string]string) string {
	v := url.Values{}
	for k, text := range form {
		v.Set(k, text)
	}
	return v.Encode()
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func openText(s string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}
