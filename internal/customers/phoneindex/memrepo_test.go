package phoneindex_test

import (
	"testing"

	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/customers/phoneindex/indextest"
)

func TestMemoryRepository(t *testing.T) { indextest.Run(t, &phoneindex.Memory{}) }
