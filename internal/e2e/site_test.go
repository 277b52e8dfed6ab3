package e2e

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// interval of every check in these tests, and how many failures confirm an outage.
const (
	interval  = time.Second
	downAfter = 2
)

// installation is one collector and one agent with their files, as an operator would lay them out.
type installation struct {
	dir       string
	pages     string             // base URL
	agentsURL string             // base URL
	key       ed25519.PrivateKey // of the agent that ship has registered
	collector *process
	agent     *process
}

type layout struct {
	target string // URL of the HTTP target
	mailTo string // SMTP server that the collector sends through, host:port; empty: none
	alone  bool   // the collector without an agent
}

// install lays out the files and starts collector and agent.
func install(t *testing.T, l layout) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir()}
	pages, agents := freeAddress(t), freeAddress(t)
	in.pages = "http://" + pages
	in.write(t, "collector.toml", collectorTOML(pages, agents, l.mailTo))
	in.write(t, "clients/acme.toml", contractTOML(l.target))
	in.write(t, "agent.toml", fmt.Sprintf("collector = %q\nca_file = %q\nstate = %q\nmetrics = \"\"\n",
		"https://"+agents, in.path("state/tls/cert.pem"), in.path("agent")))
	in.startCollector(t)
	in.agentsURL = "https://" + agents
	if l.alone {
		return in
	}
	key := strings.Fields(command(t, "nines-agent", "key", "--state", in.path("agent")))
	in.register(t, "hq-1", key[0])
	in.startAgent(t)
	return in
}

func (in *installation) register(t *testing.T, id, key string) {
	t.Helper()
	command(t, "nines", "agent", "register", "--config", in.path("collector.toml"),
		"--client", "acme", "--site", "hq", "--id", id, "--key", key)
}

func (in *installation) startCollector(t *testing.T) {
	t.Helper()
	in.collector = start(t, "nines", "collector", "--config", in.path("collector.toml"))
	in.awaitReady(t)
}

func (in *installation) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, 20*time.Second, "the collector to be ready", func() bool {
		resp, err := http.Get(in.pages + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (in *installation) startAgent(t *testing.T) {
	t.Helper()
	in.agent = start(t, "nines-agent", "run", "--config", in.path("agent.toml"))
}

func (in *installation) path(name string) string {
	return filepath.Join(in.dir, filepath.FromSlash(name))
}

func (in *installation) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(in.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func collectorTOML(pages, agents, mailTo string) string {
	text := fmt.Sprintf("listen = %q\nagents_listen = %q\nstate = \"state\"\nclients = \"clients\"\n", pages, agents)
	if mailTo != "" {
		host, port, _ := net.SplitHostPort(mailTo)
		text += fmt.Sprintf("[mail]\nhost = %q\nport = %s\nfrom = \"nines@msp.example\"\ntls = \"none\"\n", host, port)
	}
	return text
}

func contractTOML(target string) string {
	first := monthStart(3).Format(time.DateOnly)
	return fmt.Sprintf(`
effective = %s

[client]
id = "acme"
name = "Acme Dental Group"
time_zone = "UTC"

[[contact]]
id = "it-lead"
name = "Acme IT"
email = "it@acme.example"
gets = ["report", "breach"]

[[site]]
id = "hq"
name = "Berlin headquarters"

[[check]]
id = "erp-web"
site = "hq"
interval = %q
timeout = "900ms"
down_after = %d
http = { url = %q, status = ["2xx"] }

[[service]]
id = "erp"
name = "ERP"
up_when = "erp-web"

[[slo]]
id = "erp-availability"
service = "erp"
objective = "100%%"
window = "month"

[report]
send_on = "1st 08:00"
to = ["it-lead"]
`, first, interval, downAfter, target)
}

// monthStart is the first instant of a month, so many months ago.
func monthStart(ago int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()-time.Month(ago), 1, 0, 0, 0, 0, time.UTC)
}

// freeAddress is a loopback address that nobody listens on at the moment.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get reads one answer of the API into a value.
func (in *installation) get(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := http.Get(in.pages + path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}
