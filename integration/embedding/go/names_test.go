// Package names holds a program's lookups against ampls-dns. It needs the program in PATH and Go's standard library.
package names

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// server is a running ampls-dns.
type server struct {
	admin    string
	networks map[string]string
}

var dns server

func TestMain(m *testing.M) {
	command := exec.Command("ampls-dns", "serve", "two-scopes-one-dns", "--at", "first-scope",
		"--base-port", "0", "--admin", "127.0.0.1:0")
	stderr, err := command.StderrPipe()
	if err != nil {
		panic(err)
	}
	if err := command.Start(); err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ctrl-c ends") {
		if line := lines.Text(); strings.HasPrefix(line, "admin: ") {
			dns.admin = strings.TrimPrefix(line, "admin: ")
		}
	}
	if dns.admin == "" {
		panic("ampls-dns did not start")
	}
	go func() {
		for lines.Scan() {
		}
	}()
	var state struct {
		Networks []struct{ Name, Listener string }
	}
	response, err := http.Get(dns.admin + "/v1/state")
	if err != nil {
		panic(err)
	}
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		panic(err)
	}
	response.Body.Close()
	dns.networks = map[string]string{}
	for _, network := range state.Networks {
		dns.networks[network.Name] = network.Listener
	}
	code := m.Run()
	_ = command.Process.Signal(os.Interrupt)
	_ = command.Wait()
	os.Exit(code)
}

func (s server) post(t *testing.T, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.admin+path, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatalf("%s: %s", path, response.Status)
	}
}

// resolver asks as a client in the network.
func (s server) resolver(network string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, kind, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, kind, s.networks[network])
	}}
}

func ingestionAddress(resolver *net.Resolver) (string, error) {
	addresses, err := resolver.LookupIP(context.Background(), "ip4", "api.monitor.azure.com")
	if err != nil {
		return "", err
	}
	if len(addresses) != 1 {
		return "", fmt.Errorf("%d addresses", len(addresses))
	}
	return addresses[0].String(), nil
}

func expect(t *testing.T, wanted string) {
	t.Helper()
	found, err := ingestionAddress(dns.resolver("vnet1"))
	if err != nil || found != wanted {
		t.Fatalf("expected %s, found %s (%v)", wanted, found, err)
	}
}

func TestThePrivateLinkHasTheName(t *testing.T) {
	dns.post(t, "/v1/reset", nil)
	expect(t, "10.0.1.9")
}

func TestASecondScopeTakesIt(t *testing.T) {
	dns.post(t, "/v1/reset", nil)
	dns.post(t, "/v1/steps/goto", map[string]string{"step": "second-scope"})
	expect(t, "10.0.2.7")
}
