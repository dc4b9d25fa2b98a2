// Package obs is how Pult is observed: the log, with telephone numbers masked and secrets left out, and the readiness of its parts.
package obs

import (
	"io"
	"log/slog"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
)

// LogOptions say how to log.
type LogOptions struct {
	Level  string // debug, info, warn, error; "" is info
	Format string // text or json; "" is text
}

// NewLogger returns a logger that writes to w, one record a Write. Telephone numbers in messages and values are masked, values under
// secret-looking keys are replaced; see Mask. An unknown level or format is errs.Invalid.
func NewLogger(w io.Writer, o LogOptions) (*slog.Logger, error) {
	const op = "setting up the log"
	var level slog.Level
	if o.Level != "" {
		if err := level.UnmarshalText([]byte(o.Level)); err != nil {
			return nil, errs.Field(op, "log.level", "must be debug, info, warn or error")
		}
	}
	ho := &slog.HandlerOptions{Level: level, ReplaceAttr: clean}
	switch o.Format {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, ho)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, ho)), nil
	}
	return nil, errs.Field(op, "log.format", "must be text or json")
}

// removed stands where a secret was.
const removed = "[removed]"

// clean is the slog.HandlerOptions.ReplaceAttr of every logger of Pult. slog calls it for the message and for every leaf, however
// deep, with resolved values.
func clean(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return a
	}
	if secretKey(a.Key) {
		return slog.String(a.Key, removed)
	}
	for _, g := range groups {
		if secretKey(g) {
			return slog.String(a.Key, removed)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(maskValue(a.Key, a.Value.String()))
	case slog.KindInt64, slog.KindUint64:
		if numberKey(a.Key) {
			a.Value = slog.StringValue(maskValue(a.Key, a.Value.String()))
		}
	case slog.KindAny:
		a.Value = slog.StringValue(maskValue(a.Key, a.Value.String()))
	}
	return a
}

// secretKeys are parts of keys whose values nobody needs in a log.
var secretKeys = []string{"password", "passwd", "secret", "ha1", "token", "authorization", "cookie", "credential", "apikey", "privatekey"}

func secretKey(key string) bool {
	k := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
	for _, s := range secretKeys {
		if strings.Contains(k, s) {
			return true
		}
	}
	return false
}
