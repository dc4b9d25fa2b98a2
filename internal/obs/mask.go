package obs

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// reNumber finds telephone numbers in running text: with a plus, or of Russian form (11 digits from 7 or 8, 10 from 9), grouped
	// or not. What stands inside a longer word or number (ids, time stamps) is not one.
	reNumber = regexp.MustCompile(`\+\d(?:[ ().-]{0,2}\d){6,14}|\b[78](?:[ ().-]{0,2}\d){10}\b|\b9\d{9}\b`)
	// reUserInfo finds the password in an address: scheme://user:password@host.
	reUserInfo = regexp.MustCompile(`(\w://[^\s/:@]*):[^\s/@]+@`)
	// reDigest finds what is equivalent to a password where SIP and HTTP digest are quoted.
	reDigest = regexp.MustCompile(`(?i)\b(ha1|password|password_digest|secret|token|api_key|authorization|cookie)(["']?\s*[=:]\s*["']?)(?:(?:bearer|basic|digest)\s+)?[^\s"',;&]+`)
)

// Mask hides in a text most digits of every telephone number (+7916***4567), passwords in addresses, and values named as secrets.
// Other text is returned as it is.
func Mask(s string) string {
	if strings.Contains(s, "://") {
		s = reUserInfo.ReplaceAllString(s, "$1:"+removed+"@")
	}
	if strings.ContainsAny(s, "=:") {
		s = reDigest.ReplaceAllString(s, "$1$2"+removed)
	}
	if strings.ContainsAny(s, "+789") {
		s = reNumber.ReplaceAllStringFunc(s, MaskNumber)
	}
	return s
}

// MaskNumber hides the middle of a telephone number: of eleven digits and more the first four and the last four stay, of seven and
// more the first two and the last two, of fewer (extensions) all.
func MaskNumber(number string) string {
	digits := make([]byte, 0, len(number))
	for i := range len(number) {
		if c := number[i]; c >= '0' && c <= '9' {
			digits = append(digits, c)
		}
	}
	plus := ""
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		plus = "+"
	}
	keep := 0
	switch n := len(digits); {
	case n >= 11:
		keep = 4
	case n >= 7:
		keep = 2
	default:
		return number
	}
	return plus + string(digits[:keep]) + "***" + string(digits[len(digits)-keep:])
}

// numberKeys are keys under which a value is a telephone number in whatever form.
var numberKeys = []string{"number", "phone", "e164", "national", "caller", "callerid", "caller_id", "dialed", "from", "to", "cli", "msisdn"}

func numberKey(key string) bool { return slices.Contains(numberKeys, strings.ToLower(key)) }

// maskValue masks the value of a log attribute.
func maskValue(key, value string) string {
	value = Mask(value)
	if numberKey(key) && onlyNumber(value) {
		return MaskNumber(value)
	}
	return value
}

// onlyNumber tells whether a text consists of nothing but what telephone numbers are written with.
func onlyNumber(s string) bool {
	return s != "" && strings.Trim(s, "+0123456789 ().-") == ""
}
