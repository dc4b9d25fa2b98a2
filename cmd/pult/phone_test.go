package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/telephony/phones"
)

func TestPrintedAccount(t *testing.T) {
	a := phones.DeskAccount{Server: "pbx.example.com:5062", Transport: "tcp", User: "op-1", Password: "k7m2q", Realm: "house"}
	u := auth.User{Name: "Anna Sokolova", Login: "anna"}
	var once bytes.Buffer
	if err := printAccount(&once, u, a); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Anna Sokolova (anna)", "pbx.example.com:5062", "TCP", "op-1", "k7m2q", "Yealink", "Port = 5062", "Grandstream", "MicroSIP",
	} {
		if !strings.Contains(once.String(), want) {
			t.Errorf("no %q in\n%s", want, once.String())
		}
	}
	if n := strings.Count(once.String(), a.Password); n != 1 {
		t.Errorf("the password stands there %d times", n)
	}
	a.Server, a.Renewed = "pbx.example.com", true
	var again bytes.Buffer
	if err := printAccount(&again, u, a); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(again.String(), "Port =") || !strings.Contains(again.String(), "former password") || strings.Contains(once.String(), "former password") {
		t.Errorf("a new password is printed as\n%s", again.String())
	}
}
