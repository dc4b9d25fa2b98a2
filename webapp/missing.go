package webapp

import (
	"embed"
	"io/fs"
)

//go:embed missing/index.html
var missingFiles embed.FS

// missing is what is served in place of the application.
func missing() fs.FS {
	page, err := fs.Sub(missingFiles, "missing")
	if err != nil { // cannot happen: the name is a constant and valid
		return missingFiles
	}
	return page
}
