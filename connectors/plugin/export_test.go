package plugin

// Pid returns the number of the process that runs now, 0 when there is none.
func (d *Driver) Pid() int {
	p, err := d.ask.s.current()
	if err != nil {
		return 0
	}
	return p.child.cmd.Process.Pid
}

// Sockets returns the folder of the process's socket.
func (d *Driver) Sockets() string {
	p, err := d.ask.s.current()
	if err != nil {
		return ""
	}
	return p.sockets
}

// Clean is the cleaner of a plug-in with these secrets.
func Clean(secrets map[string]string, text string) string {
	var c cleaner
	c.guard(secrets)
	return c.text(text)
}

// SpeaksMTLS tells whether the program is started with one-time certificates.
var SpeaksMTLS = speaksMTLS
