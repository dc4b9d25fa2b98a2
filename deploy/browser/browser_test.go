package browser_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pult-cc/pult/deploy/browser"
	"github.com/pult-cc/pult/internal/errs"
)

const site = "https://pult.example.com"

func TestEveryBrowserGetsEveryFormat(t *testing.T) {
	for _, name := range browser.Names() {
		target, err := browser.For(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range browser.Formats {
			text, err := target.Write(format, site)
			if err != nil {
				t.Fatalf("%s as %s: %v", name, format, err)
			}
			if n := strings.Count(text, site); n < 4 {
				t.Errorf("%s as %s names the site %d times:\n%s", name, format, n, text)
			}
			switch format {
			case "json":
				var v map[string]any
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					t.Errorf("%s: %v\n%s", name, err, text)
				}
			case "plist":
				d := xml.NewDecoder(strings.NewReader(text))
				for {
					if _, err := d.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("%s: %v\n%s", name, err, text)
					}
				}
			case "reg":
				if strings.Count(text, "\n") != strings.Count(text, "\r\n") || !strings.Contains(text, "[HKEY_LOCAL_MACHINE\\"+target.Registry) {
					t.Errorf("%s:\n%s", name, text)
				}
			}
		}
	}
}

func TestWhatEachBrowserIsTold(t *testing.T) {
	for name, wants := range map[string][]string{
		"chrome":  {`"AudioCaptureAllowedUrls"`, `"AutoplayAllowlist"`, `"NotificationsAllowedForUrls"`, `"PopupsAllowedForUrls"`, `"TabDiscardingExceptions"`, `"IntensiveWakeUpThrottlingEnabled": false`},
		"edge":    {`"SleepingTabsBlockedForUrls"`, `"AudioCaptureAllowedUrls"`},
		"yandex":  {`"TabDiscardingExceptions"`},
		"firefox": {`"policies"`, `"Microphone"`, `"PopupBlocking"`},
	} {
		target, err := browser.For(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := target.Write("json", site)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %s:\n%s", name, want, text)
			}
		}
	}
}

func TestOriginOfAnAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://pult.example.com/": "https://pult.example.com", "https://pult.example.com:8443/x?y": "https://pult.example.com:8443",
		"http://localhost:8080": "http://localhost:8080", "http://127.0.0.1:8080": "http://127.0.0.1:8080",
	} {
		if got, err := browser.Origin(in); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "pult.example.com", "http://pult.example.com", "ftp://pult.example.com", "https://*", "https://user@pult.example.com"} {
		if got, err := browser.Origin(in); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := browser.For("mosaic"); !errs.Is(err, errs.Invalid) {
		t.Errorf("an unknown browser: %v", err)
	}
	chrome, err := browser.For("chrome")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chrome.Write("docx", site); !errs.Is(err, errs.Invalid) {
		t.Errorf("an unknown format: %v", err)
	}
}
