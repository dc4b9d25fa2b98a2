package obs

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// reUserInfo finds the password in an address: scheme://user:password@host.
	reUserInfo = regexp.MustCompile(`(\w://[^\s/:@]*):[^\s/@]+@`)
	// reDigest finds what is equivalent to a password where SIP and HTTP digest are quoted.
	reDigest = regexp.MustCompile(`(?i)\b(ha1|password|password_digest|secret|token|api_key|authorization|cookie)(["']?\s*[=:]\s*["']?)(?:(?:bearer|basic|digest)\s+)?[^\s"',;&]+`)
)

// reDigits finds what may be a telephone number in running text, and before that what looks like one and is none. Its groups are below.
var reDigits = regexp.MustCompile(strings.Join([]string{
	`(\b\d{1,3}(?:\.\d{1,3}){3,}\b(?::\d{1,5}\b)?)`, // addresses, and numbers written in that manner
	// Kept: UUID; date, time, offset; epoch.serial (ids of Asterisk); fraction; duration as Go writes it; pointer; serial of a channel.
	`(\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b` +
		`|\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?)?\b` +
		`|\b1\d{9}\.\d{1,6}\b|\b0\.\d+\b|\b(?:\d{1,6}h)?(?:\d{1,2}m)?\d{1,3}(?:\.\d{1,9})?(?:ns|µs|us|ms|s)\b|\b0x[0-9a-fA-F]+\b|-000[0-9a-f]{5}\b)`,
	`(\+[1-9](?:` + separator + `\d)*)`, // international
	`(\d(?:` + separator + `\d)*)`,      // any other
}, "|"))

// separator stands between the digits of a number, as numbers are grouped by people; quoting (%q) escapes what is not ASCII.
const separator = `(?:[ ().\-\x{a0}\x{202f}\x{2010}-\x{2015}]|\\u(?:00a0|202f|201[0-5])){0,3}`

// The groups of reDigits.
const (
	groupDotted = iota + 1
	groupKept
	groupInternational
	groupDigits
)

// reHint finds, right before short digits, that they are a number.
var reHint = regexp.MustCompile(`(?i)\b(?:numbers?|phones?|calle[re]|caller.?id|from|to|dial(?:l?ed|l?ing)?|call(?:ed|ing)?|tel|sips?|pjsip|cli|msisdn)\W{1,3}$`)

// reAddress tells an address from a number that is written with dots.
var reAddress = regexp.MustCompile(`^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?::\d+)?$`)

// reChannel finds the serial that Asterisk puts behind the name of a channel.
var reChannel = regexp.MustCompile(`-000\d{5}$`)

// Mask hides in a text every telephone number, see MaskNumber, passwords in addresses, and values named as secrets. Numbers of five or
// six digits are seen by the word before them. Other text is returned as it is.
func Mask(s string) string { return mask(s, false) }

// mask is Mask; numbers: what is written is known to be about a number, so short ones need no word before them.
func mask(s string, numbers bool) string {
	if strings.Contains(s, "://") {
		s = reUserInfo.ReplaceAllString(s, "$1:"+removed+"@")
	}
	if strings.ContainsAny(s, "=:") {
		s = reDigest.ReplaceAllString(s, "$1$2"+removed)
	}
	if !mayHoldNumber(s) {
		return s
	}
	var b strings.Builder
	end := 0
	for _, at := range reDigits.FindAllStringSubmatchIndex(s, -1) {
		from, to := at[0], at[1]
		found := s[from:to]
		switch {
		case at[2*groupKept] >= 0, at[2*groupDotted] >= 0 && reAddress.MatchString(found),
			at[2*groupInternational] >= 0 && len(digitsOf(found)) < 4:
			continue
		case at[2*groupDigits] >= 0:
			if from, to = whole(s, from, to); !isNumber(s, from, to, numbers) {
				continue
			}
			found = s[from:to]
		}
		serial := reChannel.FindString(found)
		b.WriteString(s[end:from])
		b.WriteString(MaskNumber(strings.TrimSuffix(found, serial)))
		b.WriteString(serial)
		end = to
	}
	return b.String() + s[end:]
}

// whole cuts from what was found the groups of digits that are part of a hexadecimal word: an id, a hash.
func whole(s string, from, to int) (int, int) {
	if from > 0 && hexadecimal(s[from-1]) {
		for from < to && s[from] >= '0' && s[from] <= '9' {
			from++
		}
		for from < to && (s[from] < '0' || s[from] > '9') {
			from++
		}
	}
	if to < len(s) && hexadecimal(s[to]) {
		for to > from && s[to-1] >= '0' && s[to-1] <= '9' {
			to--
		}
		for to > from && (s[to-1] < '0' || s[to-1] > '9') {
			to--
		}
	}
	return from, to
}

// isNumber decides upon digits without a plus. Seven and more are not shown, whatever else they may be. Five or six are a number where
// that is known, or where the word before them says so.
func isNumber(s string, from, to int, known bool) bool {
	n := len(digitsOf(s[from:to]))
	if n >= 7 {
		return true
	}
	alone := (from == 0 || !letter(s[from-1])) && (to == len(s) || !letter(s[to]))
	return n >= 5 && alone && (known || reHint.MatchString(s[max(0, from-32):from]))
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// mayHoldNumber tells cheaply whether it is worth looking closer: most of what is logged holds no number.
func mayHoldNumber(s string) bool {
	if uuid(s) {
		return false
	}
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '+', c == '\\':
			return true // international; escaped separators
		case c >= '0' && c <= '9':
			if n++; n >= 5 {
				return true
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '/', c == ':', c == ',', c == '=':
			n = 0
		}
	}
	return false
}

// uuid tells whether a text is nothing but a UUID, as the ids of calls are.
func uuid(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF-") == "" && strings.Count(s, "-") == 4
}

// MaskNumber hides a telephone number but for its country code, where a plus tells it, and its last digits: four of nine and more, two
// of five and more. Up to four digits without a plus (an extension) stay as they are.
func MaskNumber(number string) string {
	digits, code := digitsOf(number), ""
	if digits == "" {
		return number
	}
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		n := min(countryCode(digits), len(digits))
		code, digits = "+"+digits[:n], digits[n:]
	}
	tail := 0
	switch n := len(digits); {
	case n >= 9:
		tail = 4
	case n >= 5:
		tail = 2
	case code == "":
		return number
	}
	return code + "***" + digits[len(digits)-tail:]
}

func digitsOf(s string) string {
	digits := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			digits = append(digits, c)
		}
	}
	return string(digits)
}

// twoDigits are the country codes of two digits (ITU-T E.164); 1 and 7 have one, all others three.
const twoDigits = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"

// countryCode returns how many digits of an international number are its country code.
func countryCode(digits string) int {
	switch {
	case digits[0] == '1' || digits[0] == '7':
		return 1
	case len(digits) >= 2 && strings.Contains(twoDigits, digits[:2]):
		return 2
	}
	return 3
}

// numberKeys are keys under which a value is a telephone number in whatever form.
var numberKeys = []string{"number", "phone", "e164", "national", "caller", "callerid", "caller_id", "dialed", "from", "to", "cli", "msisdn"}

func numberKey(key string) bool { return slices.Contains(numberKeys, strings.ToLower(key)) }

// maskValue masks the value of a log attribute.
func maskValue(key, value string) string {
	if !numberKey(key) {
		return Mask(value)
	}
	if onlyNumber(value) {
		return MaskNumber(value)
	}
	return mask(value, true)
}

// onlyNumber tells whether a text consists of nothing but what telephone numbers are written with.
func onlyNumber(s string) bool {
	return s != "" && strings.Trim(s, "+0123456789 ().-") == ""
}
