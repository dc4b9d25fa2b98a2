package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// documents are the workspace's own GraphQL operations and fragments, by name, so that what is measured is what a browser asks for.
type documents map[string]string

var (
	definition = regexp.MustCompile(`^(?:query|mutation|subscription|fragment) (\w+)`)
	spread     = regexp.MustCompile(`\.\.\.([A-Z]\w*)`)
)

// readDocuments reads every .graphql file of the web app.
func readDocuments() (documents, error) {
	root, err := sources()
	if err != nil {
		return nil, err
	}
	docs := documents{}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".graphql" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		docs.read(string(raw))
		return nil
	})
	return docs, err
}

// read splits a file, as the formatter lays it out: a definition begins and ends at the beginning of a line.
func (d documents) read(text string) {
	var name string
	var body strings.Builder
	for line := range strings.Lines(text) {
		if m := definition.FindStringSubmatch(line); m != nil {
			name = m[1]
			body.Reset()
		}
		if name == "" {
			continue
		}
		body.WriteString(line)
		if strings.HasPrefix(line, "}") {
			d[name] = body.String()
			name = ""
		}
	}
}

// operation is an operation with all the fragments it needs.
func (d documents) operation(name string) (string, error) {
	var out strings.Builder
	added := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		if added[name] {
			return nil
		}
		added[name] = true
		text, ok := d[name]
		if !ok {
			return fmt.Errorf("the web app has no GraphQL %q", name)
		}
		out.WriteString(text)
		for _, m := range spread.FindAllStringSubmatch(text, -1) {
			if err := add(m[1]); err != nil {
				return err
			}
		}
		return nil
	}
	err := add(name)
	return out.String(), err
}

// sources finds the web app's sources above the working directory.
func sources() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, "webapp", "src")
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no webapp/src above this folder: run inside a checkout of Pult")
		}
		dir = parent
	}
}
