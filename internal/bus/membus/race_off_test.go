//go:build !race

package membus_test

const raceEnabled = false
