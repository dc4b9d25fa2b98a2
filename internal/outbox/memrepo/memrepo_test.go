package memrepo_test

import (
	"testing"

	"github.com/pult-cc/pult/internal/outbox/memrepo"
	"github.com/pult-cc/pult/internal/outbox/outboxtest"
)

func TestRepository(t *testing.T) { outboxtest.Run(t, &memrepo.Repository{}) }
