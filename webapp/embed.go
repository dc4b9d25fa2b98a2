//go:build !noweb

// Package webapp carries the built web application inside the binary.
//
// The build tag noweb leaves it out: then one small page says so. Without a build in dist (a plain `go build` of a fresh clone)
// the same page is served, so that Go programmers need no Node.
package webapp

import (
	"embed"
	"io/fs"
)

// dist holds at least .keep, which is committed so that this pattern always matches.
//
//go:embed all:dist
var dist embed.FS

// FS returns the files of the web application; index.html is at its root. It is safe for concurrent use and never nil.
func FS() fs.FS {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return missing()
	}
	if _, err := fs.Stat(built, "index.html"); err != nil {
		return missing()
	}
	return built
}

// Built tells whether the binary carries a real build of the web application.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
