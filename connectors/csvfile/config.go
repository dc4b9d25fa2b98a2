package csvfile

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/table"
)

// Config is the configuration of one file.
type Config struct {
	Path      string            `json:"path"`      // absolute
	Encoding  string            `json:"encoding"`  // auto, utf-8, utf-16, windows-1251, koi8-r
	Delimiter string            `json:"delimiter"` // auto or one character, \t for a tab
	Columns   map[string]string `json:"columns"`   // meaning to the file's own heading; default: headings are the meanings
	Every     conf.Duration     `json:"every"`     // how often the file is looked at; default 2s
	Type      string            `json:"type"`
	Kind      connectors.Kind   `json:"kind"`
	Link      string            `json:"link"`
	MaxBytes  int64             `json:"max_bytes"` // longer files are refused; default 256 MiB
	Page      int               `json:"page"`      // records of an index page; default 5000
}

func readConfig(raw json.RawMessage) (Config, error) {
	var c Config
	if err := conf.Decode(raw, &c); err != nil {
		return c, err
	}
	if c.Path == "" {
		return c, conf.Field("path", "is required: the file with customers")
	}
	if !filepath.IsAbs(c.Path) {
		return c, conf.Field("path", "must be absolute")
	}
	if c.Encoding == "" {
		c.Encoding = "auto"
	}
	if err := conf.OneOf("encoding", c.Encoding, "auto", "koi8-r", "utf-16", "utf-8", "windows-1251"); err != nil {
		return c, err
	}
	if c.Delimiter == "" {
		c.Delimiter = "auto"
	}
	if c.Delimiter == `\t` {
		c.Delimiter = "\t"
	}
	if c.Delimiter != "auto" && (utf8.RuneCountInString(c.Delimiter) != 1 || c.Delimiter == `"` || c.Delimiter == "\n" || c.Delimiter == "\r") {
		return c, conf.Field("delimiter", "must be auto or one character")
	}
	for _, meaning := range slices.Sorted(maps.Keys(c.Columns)) {
		if !table.Known(meaning) {
			return c, conf.Field("columns."+meaning, "%s", table.Unknown(meaning))
		}
	}
	if len(c.Columns) > 0 && c.Columns["id"] == "" {
		return c, conf.Field("columns.id", "is required: the heading of the column by which customers are told apart")
	}
	if c.MaxBytes < 0 || c.Page < 0 {
		return c, conf.Field("max_bytes, page", "must not be negative")
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 256 << 20
	}
	if c.Page == 0 {
		c.Page = 5000
	}
	if c.Every == 0 {
		c.Every = conf.Duration(2 * time.Second)
	}
	return c, nil
}
