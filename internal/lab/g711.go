package lab

import "math"

// G.711 as the recommendation gives it: eight bits a sample at 8 kHz, A-law or mu-law.

// Payload types of RFC 3551, and the dynamic one that our SDP gives to telephone events.
const (
	payloadPCMU   = 0
	payloadPCMA   = 8
	payloadEvents = 101
)

// decode turns G.711 bytes into samples between -1 and 1.
func decode(payload uint8, data []byte) []float64 {
	table := &alawTable
	if payload == payloadPCMU {
		table = &ulawTable
	}
	out := make([]float64, len(data))
	for i, b := range data {
		out[i] = table[b]
	}
	return out
}

// encode turns a sample between -1 and 1 into a G.711 byte.
func encode(payload uint8, sample float64) byte {
	v := int(math.Round(max(-1, min(1, sample)) * 32767))
	if payload == payloadPCMU {
		return encodeUlaw(v)
	}
	return encodeAlaw(v)
}

var alawTable, ulawTable = tables()

func tables() (alaw, ulaw [256]float64) {
	for i := range 256 {
		alaw[i] = float64(decodeAlaw(byte(i))) / 32768
		ulaw[i] = float64(decodeUlaw(byte(i))) / 32768
	}
	return alaw, ulaw
}

func encodeUlaw(v int) byte {
	var sign byte
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + 132
	exponent := 7
	for mask := 0x4000; v&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | byte(exponent<<4) | byte(v>>(exponent+3)&0x0f))
}

func decodeUlaw(b byte) int {
	b = ^b
	exponent := int(b >> 4 & 7)
	v := (int(b&0x0f)<<3+132)<<exponent - 132
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func encodeAlaw(v int) byte {
	sign := byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	v >>= 3 // 12 bits of magnitude
	exponent := 0
	for v>>(exponent+5) != 0 {
		exponent++
	}
	return (sign | byte(exponent<<4) | byte(v>>max(1, exponent)&0x0f)) ^ 0x55
}

func decodeAlaw(b byte) int {
	b ^= 0x55
	exponent := int(b >> 4 & 7)
	v := int(b&0x0f)<<4 + 8
	if exponent > 0 {
		v = (v + 256) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}
