package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// closing closes a part at the end of the test.
func closing(t *testing.T, p *Process) {
	t.Helper()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestPostgresKeepsItsDataOverACrash(t *testing.T) {
	t.Parallel()
	p, err := StartPostgres(t.Context(), ServerOptions{Dir: t.TempDir(), Log: t.Output(), Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, &p.Process)
	ctx := within(t)
	query := func(sql string) (value int) {
		t.Helper()
		c, err := pgx.Connect(ctx, p.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		}()
		if err := c.QueryRow(ctx, sql).Scan(&value); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		return value
	}
	if got := query("with made as (select 41 + 1 as n) select n from made"); got != 42 {
		t.Errorf("41 + 1 = %d", got)
	}
	query("create table kept (n int)")
	query("insert into kept values (7)")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if got := query("select n from kept"); got != 7 {
		t.Errorf("after the crash n is %d", got)
	}
}

func TestRedisServesAndRestarts(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.Context(), ServerOptions{Dir: t.TempDir(), Log: t.Output(), Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, &r.Process)
	ask := func(command string) string {
		t.Helper()
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "AUTH %s\r\n%s\r\nQUIT\r\n", r.Password, command)
		raw, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	ask("SET answer 42")
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := ask("GET answer"); !strings.Contains(got, "\r\n42\r\n") {
		t.Errorf("after the crash redis says %q", got)
	}
}

func TestVaultKeepsItsDataOverACrash(t *testing.T) {
	t.Parallel()
	v, err := StartVault(t.Context(), ServerOptions{Dir: t.TempDir(), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, &v.Process)
	ctx := within(t)
	call := func(method, path, body string) map[string]any {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, v.Address+"/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Vault-Token", v.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s: %s", method, path, resp.Status, raw)
		}
		var answer struct{ Data map[string]any }
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &answer); err != nil {
				t.Fatal(err)
			}
		}
		return answer.Data
	}
	call("POST", "secret/data/pult", `{"data":{"key":"value"}}`)
	call("POST", "transit/keys/pult", `{}`)
	sealed := call("POST", "transit/encrypt/pult", `{"plaintext":"cHVsdA=="}`)["ciphertext"]
	if err := v.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := v.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(call("GET", "secret/data/pult", "")["data"]); got != "map[key:value]" {
		t.Errorf("after the crash the secret is %s", got)
	}
	body := fmt.Sprintf(`{"ciphertext":%q}`, sealed)
	if got := call("POST", "transit/decrypt/pult", body)["plaintext"]; got != "cHVsdA==" {
		t.Errorf("after the crash transit decrypts to %v", got)
	}
	if _, ok := call("GET", "sys/auth", "")["approle/"]; !ok {
		t.Error("AppRole is not mounted")
	}
}

// A part that cannot start says why, in its own words.
func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = StartRedis(t.Context(), ServerOptions{Dir: t.TempDir(), Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a taken port is reported as: %v", err)
	}
}

func TestMain(m *testing.M) {
	role, ok := roles[os.Getenv(helperRole)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// helperDir tells parent where to keep its parts.
const helperDir = "PULT_LAB_TEST_DIR"

// parent starts parts, prints their process ids and waits to be killed.
func parent() error {
	ctx, dir := context.Background(), os.Getenv(helperDir)
	a, err := StartAsterisk(ctx, AsteriskOptions{Dir: filepath.Join(dir, "a")})
	if err != nil {
		return err
	}
	p, err := StartPostgres(ctx, ServerOptions{Dir: filepath.Join(dir, "p")})
	if err != nil {
		return err
	}
	o, err := StartOdoo(ctx, ServerOptions{Dir: filepath.Join(dir, "o")})
	if err != nil {
		return err
	}
	fmt.Println(a.PID(), p.PID(), o.PID(), o.Postgres.PID())
	select {}
}

func TestPartsDieWithAKilledParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"=parent", helperDir+"="+t.TempDir())
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the parent ended by itself")
	}
	for _, field := range strings.Fields(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the parent said %q", line)
		}
		eventually(t, "the death of "+field, func() (bool, error) { return dead(pid), nil })
	}
}

// dead reports whether a process is gone, or waits as a zombie for somebody to ask for its exit code.
func dead(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}
