//go:build noweb

// Package webapp carries the built web application inside the binary; this build leaves it out.
package webapp

import "io/fs"

// FS returns one small page that says that the web application was left out. It is safe for concurrent use and never nil.
func FS() fs.FS { return missing() }

// Built tells whether the binary carries a real build of the web application.
func Built() bool { return false }
