package storetest

import (
	"testing"

	"github.com/pult-cc/pult/internal/outbox/outboxtest"
	"github.com/pult-cc/pult/internal/screenpop/screenpoptest"
)

func runOutbox(t *testing.T, fresh NewDatabase) {
	d := open(t, fresh(t))
	outboxtest.Run(t, d.Outbox())
	runJournalled(t, fresh)
}

func runScreenPops(t *testing.T, fresh NewDatabase) {
	screenpoptest.Run(t, open(t, fresh(t)).ScreenPops())
}
