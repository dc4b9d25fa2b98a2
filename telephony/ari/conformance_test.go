package ari

import (
	"testing"

	"github.com/pult-cc/pult/telephony/telephonytest"
)

// TestConformance runs the suite against a real Asterisk with real SIP at the far ends.
func TestConformance(t *testing.T) {
	telephonytest.Run(t, func(t *testing.T) telephonytest.Harness { return newHarness(t) })
}

// TestConformanceOfCallingAsterisk is the same for an Asterisk that connects to us.
func TestConformanceOfCallingAsterisk(t *testing.T) {
	telephonytest.Run(t, func(t *testing.T) telephonytest.Harness { return newHarnessOf(t, &callingLab) })
}
