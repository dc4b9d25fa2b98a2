//go:build race

package redisbus_test

const raceEnabled = true
