// Package browser writes the policies that a managed browser needs for Pult: the microphone, ringing, notifications and the phone's
// window without a question, and a page that is never put to sleep. docs/browser-policies.md says where they go.
package browser

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
)

// Policy is one policy. Value is a bool, an int, a list of strings, or policies below it.
type Policy struct {
	Name  string
	Value any
}

// Target is a browser, and where its policies live.
type Target struct {
	Name     string
	Linux    string // file
	Registry string // key below HKEY_LOCAL_MACHINE
	Domain   string // of preferences on macOS
	policies func(origin string) []Policy
}

var targets = []Target{
	{
		Name: "chrome", Linux: "/etc/opt/chrome/policies/managed/pult.json", Registry: `SOFTWARE\Policies\Google\Chrome`, Domain: "com.google.Chrome",
		policies: chromium,
	},
	{
		Name: "chromium", Linux: "/etc/chromium/policies/managed/pult.json", Registry: `SOFTWARE\Policies\Chromium`, Domain: "org.chromium.Chromium",
		policies: chromium,
	},
	{
		Name: "edge", Linux: "/etc/opt/edge/policies/managed/pult.json", Registry: `SOFTWARE\Policies\Microsoft\Edge`, Domain: "com.microsoft.Edge",
		policies: edge,
	},
	{
		Name: "yandex", Linux: "/etc/opt/yandex/browser/policies/managed/pult.json", Registry: `SOFTWARE\Policies\YandexBrowser`,
		Domain: "ru.yandex.desktop.yandex-browser", policies: chromium,
	},
	{
		Name: "firefox", Linux: "/etc/firefox/policies/policies.json", Registry: `SOFTWARE\Policies\Mozilla\Firefox`, Domain: "org.mozilla.firefox",
		policies: firefox,
	},
}

// Names lists the browsers.
func Names() []string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.Name
	}
	return names
}

// For finds a browser by name.
func For(name string) (Target, error) {
	i := slices.IndexFunc(targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, errs.Field("writing browser policies", "browser", "one of "+strings.Join(Names(), ", "))
	}
	return targets[i], nil
}

// Policies are those for a Pult at the origin ("https://pult.example.com"): see Origin.
func (t Target) Policies(origin string) []Policy { return t.policies(origin) }

// Origin takes the address of a Pult and returns its origin; browsers give the microphone to https and localhost only.
func Origin(address string) (string, error) {
	const op = "writing browser policies"
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.ContainsAny(u.Host, "*\"<>&\\ ") {
		return "", errs.Field(op, "url", "the address of Pult, such as https://pult.example.com")
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return "", errs.Field(op, "url", "browsers give the microphone to https pages only, and to localhost")
	}
	return u.Scheme + "://" + u.Host, nil
}

func chromium(origin string) []Policy {
	site := []string{origin}
	return []Policy{
		{"AudioCaptureAllowedUrls", site},           // the microphone, unasked
		{"AutoplayAllowlist", site},                 // ringing before the first click
		{"NotificationsAllowedForUrls", site},       // a call over other windows
		{"PopupsAllowedForUrls", site},              // the phone's own window
		{"TabDiscardingExceptions", site},           // a page that is not thrown out of memory
		{"IntensiveWakeUpThrottlingEnabled", false}, // timers of hidden pages
		{"LocalNetworkAccessAllowedForUrls", site},  // a telephone exchange with an address of the office network
	}
}

// edge has its own word for tabs that sleep, which keeps them from being discarded too.
func edge(origin string) []Policy {
	out := chromium(origin)
	for i := range out {
		if out[i].Name == "TabDiscardingExceptions" {
			out[i].Name = "SleepingTabsBlockedForUrls"
		}
	}
	return out
}

func firefox(origin string) []Policy {
	site := []string{origin}
	allow := []Policy{{"Allow", site}}
	return []Policy{
		{"Permissions", []Policy{{"Microphone", allow}, {"Autoplay", allow}, {"Notifications", allow}}},
		{"PopupBlocking", allow},
	}
}
