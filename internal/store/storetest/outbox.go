package storetest

import (
	"testing"

	"github.com/pult-cc/pult/internal/outbox/outboxtest"
)

func runOutbox(t *testing.T, fresh NewDatabase) {
	d := open(t, fresh(t))
	outboxtest.Run(t, d.Outbox())
	runJournalled(t, fresh)
}
