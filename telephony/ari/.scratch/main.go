package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/pult-cc/pult/telephony/ari/internal/sipua"
)

var env = map[string]string{}

func req(m, p string, body any) (int, string) {
	var r io.Reader
	if body != nil {
		b, _ := json.Marshal(body)
		r = bytes.NewReader(b)
	}
	q, _ := http.NewRequest(m, env["ARI"]+p, r)
	up := strings.SplitN(env["U"], ":", 2)
	q.SetBasicAuth(up[0], up[1])
	q.Header.Set("Content-Type", "application/json")
	t := time.Now()
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		panic(err)
	}
	b, _ := io.ReadAll(resp.Body)
	s := string(b)
	if len(s) > 600 && os.Getenv("LONG") == "" {
		s = s[:600]
	}
	fmt.Printf(">>> %s %s %v\n    %d %s (%v)\n", m, p, body, resp.StatusCode, s, time.Since(t).Round(100*time.Microsecond))
	return resp.StatusCode, s
}

var last = map[string]string{}

func events(ctx context.Context) {
	c, _, err := websocket.Dial(ctx, strings.Replace(env["ARI"], "http", "ws", 1)+"/events?app=pult", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(env["U"]))}}})
	if err != nil {
		panic(err)
	}
	c.SetReadLimit(-1)
	go func() {
		for {
			_, b, err := c.Read(ctx)
			if err != nil {
				return
			}
			var m map[string]any
			json.Unmarshal(b, &m)
			t := m["type"].(string)
			if os.Getenv("RAW") != "" {
				fmt.Println("EV", string(b))
				continue
			}
			ch, _ := m["channel"].(map[string]any)
			if ch == nil {
				ch, _ = m["peer"].(map[string]any)
			}
			id, st, nm := "", "", ""
			if ch != nil {
				id, _ = ch["id"].(string)
				st, _ = ch["state"].(string)
				nm, _ = ch["name"].(string)
			}
			extra := ""
			for _, k := range []string{"cause", "tech_cause", "soft", "dialstatus", "args", "endpoint", "variable", "digit", "replace_channel", "contact_info"} {
				if v, ok := m[k]; ok {
					extra += fmt.Sprintf(" %s=%v", k, v)
				}
			}
			if br, ok := m["bridge"].(map[string]any); ok {
				extra += fmt.Sprintf(" bridge=%v/%v %v", br["id"], br["bridge_type"], br["channels"])
			}
			if t == "StasisStart" {
				last["in"] = id
			}
			fmt.Printf("EV %-22s %s %s %s%s\n", t, id, nm, st, extra)
		}
	}()
}

func nap(ms int) { time.Sleep(time.Duration(ms) * time.Millisecond) }

func main() {
	b, _ := os.ReadFile("/tmp/ast1.env")
	for _, l := range strings.Split(string(b), "\n") {
		k, v, _ := strings.Cut(l, "=")
		env[k] = v
	}
	ctx := context.Background()
	events(ctx)
	nap(100)
	filter := map[string]any{"disallowed": []any{map[string]string{"type": "ChannelVarset"}, map[string]string{"type": "ChannelConnectedLine"}, map[string]string{"type": "ChannelDialplan"}, map[string]string{"type": "ChannelCreated"}}}
	if os.Getenv("ALL") == "" {
		req("PUT", "/applications/pult/eventFilter", filter)
	}
	req("POST", "/applications/pult/subscription?eventSource=endpoint:PJSIP", nil)
	scenarios[os.Args[1]](ctx)
	nap(500)
}

func must(err error) {
	if err != nil {
		fmt.Println("ERR", err)
	}
}

func phone(ctx context.Context) *sipua.Agent {
	a, err := sipua.New("127.0.0.1:0", env["SIP"])
	must(err)
	must(a.Register(ctx, "op-7", sipua.HA1("op-7", "asterisk", "secret")))
	nap(100)
	return a
}
func carrier() *sipua.Agent {
	a, err := sipua.New("127.0.0.1:15080", env["SIP"])
	must(err)
	return a
}

var scenarios = map[string]func(context.Context){
	"register": func(ctx context.Context) {
		a := phone(ctx)
		req("GET", "/asterisk/variable?variable=PJSIP_AOR(op-7,contact)", nil)
		req("GET", "/asterisk/variable?variable=PJSIP_DIAL_CONTACTS(op-7)", nil)
		req("GET", "/asterisk/variable?variable=PJSIP_CONTACT(op-7,uri)", nil)
		must(a.Unregister(ctx, "op-7", sipua.HA1("op-7", "asterisk", "secret")))
	},
	"inbound": func(ctx context.Context) {
		c := carrier()
		p := phone(ctx)
		call, err := c.Invite("79161234567", "Ivan", "support", nil)
		must(err)
		nap(300)
		in := last["in"]
		req("GET", "/channels", nil)
		req("GET", "/applications/pult", nil)
		req("POST", "/channels/"+in+"/answer", nil)
		req("POST", "/channels/"+in+"/answer", nil)
		req("POST", "/channels/"+in+"/variable", map[string]string{"variable": "PULT", "value": "call=1&role=customer"})
		req("GET", "/channels/"+in+"/variable?variable=PULT", nil)
		req("POST", "/bridges/pult-music?type=holding&name=pult", nil)
		req("POST", "/bridges/pult-music/addChannel", map[string]any{"channel": []string{in}})
		nap(200)
		req("POST", "/bridges/pult-music/addChannel", map[string]any{"channel": []string{in}})
		nap(200)
		req("POST", "/channels", map[string]any{"endpoint": "PJSIP/op-7", "app": "pult", "channelId": "leg-1", "callerId": `"Ivan" <79161234567>`, "timeout": 10, "formats": "opus,alaw,ulaw",
			"variables": map[string]string{"PULT": "call=1&role=operator", "PJSIP_HEADER(add,X-Pult-Call)": "call-1", "PJSIP_HEADER(add,X-Pult-Auto-Answer)": "yes"}})
		oc := <-p.Calls()
		u, n := oc.From()
		fmt.Println("INVITE headers", oc.Header("X-Pult-Call"), oc.Header("X-Pult-Auto-Answer"), u, n, oc.Offer())
		oc.Ring()
		nap(200)
		req("GET", "/channels", nil)
		req("GET", "/channels/leg-1/variable?variable=PULT", nil)
		req("POST", "/channels/leg-1/variable", map[string]string{"variable": "PULT", "value": "call=2"})
		req("GET", "/applications/pult", nil)
		req("POST", "/bridges/b1/addChannel", map[string]any{"channel": []string{"leg-1"}})
		req("POST", "/bridges/b1?type=mixing&name=pult", nil)
		req("POST", "/bridges/b1?type=mixing&name=pult", nil)
		req("POST", "/bridges/b1/addChannel", map[string]any{"channel": []string{"leg-1", in}})
		oc.Answer()
		nap(200)
		req("GET", "/channels/leg-1", nil)
		req("POST", "/bridges/b1/addChannel", map[string]any{"channel": []string{"leg-1", in, "gone"}})
		req("POST", "/bridges/b1/addChannel", map[string]any{"channel": []string{"leg-1", in}})
		nap(200)
		req("POST", "/bridges/b1/addChannel", map[string]any{"channel": []string{"leg-1", in}})
		nap(200)
		req("GET", "/bridges", nil)
		must(call.Digit(ctx, "5"))
		nap(300)
		fmt.Println("--- customer BYE")
		call.Hangup(ctx)
		nap(300)
		req("DELETE", "/channels/leg-1?reason_code=16", nil)
		nap(300)
		req("DELETE", "/channels/leg-1?reason_code=16", nil)
		req("GET", "/bridges", nil)
		req("DELETE", "/bridges/b1", nil)
		req("DELETE", "/bridges/b1", nil)
		req("GET", "/applications/pult", nil)
	},
}
