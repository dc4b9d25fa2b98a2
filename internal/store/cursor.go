package store

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// cursor is a place in a list ordered by time and id.
type cursor struct {
	startedAt time.Time
	id        string
}

// cursorVersion begins every cursor, so that a change of the order can tell old cursors.
const cursorVersion = "1"

// String returns the cursor as clients carry it: opaque, and fit for a URL.
func (c cursor) String() string {
	text := cursorVersion + ":" + strconv.FormatInt(c.startedAt.UnixMicro(), 36) + ":" + c.id
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parseCursor(s string) (cursor, error) {
	bad := errs.Field("reading cursor", "after", "not a cursor of this list")
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return cursor{}, bad
	}
	version, rest, _ := strings.Cut(string(text), ":")
	micros, id, found := strings.Cut(rest, ":")
	at, err := strconv.ParseInt(micros, 36, 64)
	if err != nil || !found || version != cursorVersion || id != clean(id) {
		return cursor{}, bad
	}
	started := time.UnixMicro(at).UTC()
	if y := started.Year(); y < 0 || y > 9999 { // what both databases can compare with
		return cursor{}, bad
	}
	return cursor{startedAt: started, id: id}, nil
}

// groupCursor is a place in a list of numbers, ordered by a count or a time and then by number. Its order is part of it.
type groupCursor struct {
	order  string
	value  int64 // calls, or microseconds
	number string
}

// String returns the cursor as clients carry it.
func (c groupCursor) String() string {
	text := cursorVersion + ":" + c.order + ":" + strconv.FormatInt(c.value, 36) + ":" + c.number
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parseGroupCursor(s, order string) (groupCursor, error) {
	bad := errs.Field("reading cursor", "after", "not a cursor of this list")
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return groupCursor{}, bad
	}
	parts := strings.SplitN(string(text), ":", 4)
	if len(parts) != 4 || parts[0] != cursorVersion || parts[1] != order || parts[3] != clean(parts[3]) {
		return groupCursor{}, bad
	}
	value, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil {
		return groupCursor{}, bad
	}
	if y := time.UnixMicro(value).UTC().Year(); y < 0 || y > 9999 { // what both databases can compare with
		return groupCursor{}, bad
	}
	return groupCursor{order: order, value: value, number: parts[3]}, nil
}
