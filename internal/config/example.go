package config

import _ "embed" // for example.yaml

//go:embed example.yaml
var example string

// Example returns a commented configuration file that says the same as Default.
func Example() string { return example }
