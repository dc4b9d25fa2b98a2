package redisbus

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Keys and channels. Channels have a space of names of their own in Redis.

func (b *Bus) controlChannel() string               { return b.opts.Prefix + ":control" }
func (b *Bus) inboxChannel(process string) string   { return b.opts.Prefix + ":inbox:" + process }
func (b *Bus) subjectChannel(subject string) string { return b.opts.Prefix + ":subject:" + subject }
func (b *Bus) handlerKey(subject string) string     { return b.opts.Prefix + ":handler:" + subject }
func (b *Bus) leaseKey(name string) string          { return b.opts.Prefix + ":lease:" + name }
func (b *Bus) termKey(name string) string           { return b.opts.Prefix + ":term:" + name }

// processOf returns the process whose epoch it is.
func processOf(epoch string) string {
	i := strings.LastIndexByte(epoch, '.')
	return epoch[:max(i, 0)]
}

var errMalformed = errors.New("malformed message")

// A message on a subject's channel: epoch (length first), number, payload.

func encodeMessage(epoch string, seq uint64, payload []byte) []byte {
	out := make([]byte, 0, len(epoch)+len(payload)+2*binary.MaxVarintLen64)
	out = binary.AppendUvarint(out, uint64(len(epoch)))
	out = append(out, epoch...)
	out = binary.AppendUvarint(out, seq)
	return append(out, payload...)
}

func decodeMessage(data string) (epoch string, seq uint64, payload string, err error) {
	epoch, rest, err := cutField(data)
	if err != nil {
		return "", 0, "", err
	}
	seq, n := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
	if n <= 0 {
		return "", 0, "", errMalformed
	}
	return epoch, seq, rest[n:], nil
}

func cutField(data string) (field, rest string, err error) {
	size, n := binary.Uvarint([]byte(data[:min(len(data), binary.MaxVarintLen64)]))
	if n <= 0 || size > uint64(len(data)-n) {
		return "", "", errMalformed
	}
	return data[n : n+int(size)], data[n+int(size):], nil
}

// A message on the control channel or in an inbox: a header in JSON (length first), payload.

func encodeNote(header any, payload []byte) []byte {
	h, err := json.Marshal(header)
	if err != nil { // the headers are our own structs, which have nothing that JSON lacks
		panic(err)
	}
	out := binary.AppendUvarint(make([]byte, 0, len(h)+len(payload)+binary.MaxVarintLen64), uint64(len(h)))
	out = append(out, h...)
	return append(out, payload...)
}

func decodeNote(data string, header any) (payload string, err error) {
	h, rest, err := cutField(data)
	if err != nil {
		return "", err
	}
	return rest, json.Unmarshal([]byte(h), header)
}

func milliseconds(d time.Duration) int64 { return max(int64(d/time.Millisecond), 1) }

func parseInt(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
