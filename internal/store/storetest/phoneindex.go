package storetest

import (
	"testing"

	"github.com/pult-cc/pult/internal/customers/phoneindex/indextest"
)

func runPhoneIndex(t *testing.T, fresh NewDatabase) {
	d := open(t, fresh(t))
	indextest.Run(t, d.PhoneIndex())
}
