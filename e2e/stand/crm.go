package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

// crm is a second customer system, which no configuration names: somebody may connect it in the browser.
type crm struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	Name  string `json:"name"` // of the customer who stands there
	// Number is one that 1C does not know. The code 975 was never given out.
	Number string `json:"number"`
}

func (s *stand) startCRM(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.crm = crm{URL: "http://" + ln.Addr().String(), Token: "a key of the stand", Name: "Nora Quist", Number: "+79750138888"}
	espo := sim.EspoCRM(s.crm.Token)
	espo.Add("Account", sim.Object{"id": "A1", "name": "Northwind", "phoneNumberData": []any{}, "deleted": false})
	espo.Add("Contact", sim.Object{
		"id": "C1", "name": s.crm.Name, "accountName": "Northwind", "accountId": "A1", "deleted": false, "phoneNumber": "8 (975) 013-88-88",
		"phoneNumberData": []any{sim.Object{"phoneNumber": "8 (975) 013-88-88", "primary": true, "type": "Mobile"}},
	})
	server := &http.Server{Handler: espo, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	s.closers = append(s.closers, func() error {
		err := server.Close()
		<-ended
		return err
	})
	return nil
}
