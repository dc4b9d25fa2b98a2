package connectors

import "encoding/json"

// Browser says how an administrator may configure a kind in the web app. Whoever sits at a browser is trusted less than whoever
// writes the configuration file: files and private networks are the file's to permit, and a stored secret must not be sent anywhere
// else by a change of the settings around it.
type Browser struct {
	// Confine returns the configuration held to what may be reached; one that asks for more is errs.Invalid and names the field.
	Confine func(config json.RawMessage, r Reach) (json.RawMessage, error)
	// Stay lists the properties whose change leaves stored secrets standing. Any other change may decide where secrets go or whether
	// they are shown, so they have to be given again.
	Stay []string
}

// Reach is what connectors of the web app may reach beside public addresses.
type Reach struct {
	Networks []string // private networks, as 10.0.0.0/8
	Folders  []string // absolute, on Pult's own machine
}

// Preset is a configuration that others begin with.
type Preset struct {
	Name   string
	Title  string
	Config json.RawMessage
}
