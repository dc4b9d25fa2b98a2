package ari

import (
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// Asterisk 22 keeps a shadow of a bridge that was deleted after legs had left it for another bridge: as long as they live it cannot be
// found under its id, nor made again. So a bridge may stand in Asterisk under another id than the port's: the port's, this mark, and
// something new. Ids of the port have no such mark, see validName.
const anewMark = "~"

// portBridge returns the port's id of a bridge in Asterisk.
func portBridge(id string) telephony.BridgeID {
	name, _, _ := strings.Cut(id, anewMark)
	return telephony.BridgeID(name)
}

// standing returns the id under which a bridge stands in Asterisk, or is to be made.
func (t *legTable) standing(id telephony.BridgeID) string {
	if other, ok := t.anew[id]; ok {
		return other
	}
	return string(id)
}

// renew gives a bridge another id in Asterisk in place of one that is of no use any more. Whoever comes second gets what the first
// one was given.
func (t *legTable) renew(id telephony.BridgeID, useless string) string {
	if t.standing(id) == useless {
		t.anew[id] = string(id) + anewMark + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	return t.standing(id)
}

// bridgeGone forgets a bridge that Asterisk has no more, by its id there, and moves into it: nobody is going there any more.
func (t *legTable) bridgeGone(id string) {
	port := portBridge(id)
	if t.standing(port) != id {
		return // one that another stands for
	}
	delete(t.bridges, port)
	delete(t.anew, port)
	for _, l := range t.legs {
		if l.goal != nil && l.goal.place == port {
			l.settled(l.moving)
		}
	}
}

// standing and renew are legTable's.
func (d *Driver) standing(id telephony.BridgeID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.legs.standing(id)
}

func (d *Driver) renew(id telephony.BridgeID, useless string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.legs.renew(id, useless)
}
