// Package phones makes operators' SIP accounts: a random secret for one phone session, sealed at rest, pushed to the PBX by whoever
// owns the floor, and pushed again when the PBX has forgotten it.
package phones

// Session is what a phone needs to sign in. HA1 is equivalent to a password: hand it over once, keep it in memory only.
type Session struct {
	ID          string
	Endpoint    string // user name, also the authorisation user
	DisplayName string
	Realm       string
	HA1         string
	URLs        []string // WebSocket addresses of the PBX (RFC 7118)
	Host        string   // host part of the SIP URI
	Simulated   bool     // no phone signs in: answer through the API
}
