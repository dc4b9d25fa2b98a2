package webapp

import (
	"io/fs"
	"strings"
	"testing"
)

// TestFSHasAnIndex holds for every way of building: there is always a page to serve at the root.
func TestFSHasAnIndex(t *testing.T) {
	page, err := fs.ReadFile(FS(), "index.html")
	if err != nil {
		t.Fatalf("reading index.html: %v", err)
	}
	if got := strings.Contains(string(page), `id="root"`); got != Built() {
		t.Errorf("index.html is the application: %v, Built() says %v", got, Built())
	}
}
