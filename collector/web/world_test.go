package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	dayMS  = 24 * hour
)

// noon is when the tests' world stands still: Monday 23 November 2026, 14:05:09 in Berlin.
var noon = time.Date(2026, 11, 23, 13, 5, 9, 0, time.UTC)

// world is a ledger.Source over spans that a test sets, with contracts that the real parser read
// and the real arithmetic: it stands in for the timeline alone. It answers what a Site asks.
type world struct {
	mu          sync.Mutex
	now         time.Time
	started     time.Time // the clock runs from now on since then; zero: it stands
	contracts   []*contract.Contract
	spans       map[string][]slo.Span // by "client.check"
	agents      []store.Agent
	unserved    map[string][]string // sites without an agent, by "client.service"
	transitions []store.Transition
	problems    []string
	unsent      int
	givenUp     []store.Message
	broken      error // what every question is answered with
	asked       int   // how many SLOs were evaluated
	changed     chan struct{}
}

func newWorld(t testing.TB, contracts ...string) *world {
	t.Helper()
	w := &world{now: noon, spans: map[string][]slo.Span{}, changed: make(chan struct{}, 1)}
	for i, text := range contracts {
		c, err := contract.Parse(fmt.Sprintf("contract-%d.toml", i), []byte(text))
		if err != nil {
			t.Fatalf("contract %d: %v", i, err)
		}
		w.contracts = append(w.contracts, c)
	}
	return w
}

func (w *world) options() Options {
	return Options{
		Source: w,
		Agents: func() []store.Agent {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.agents)
		},
		Transitions: func(_ context.Context, tenant string, from, to int64, limit int) ([]store.Transition, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			var all []store.Transition
			for _, t := range w.transitions {
				if t.Tenant == tenant && t.At >= from && t.At < to && len(all) < limit {
					all = append(all, t)
				}
			}
			return all, w.broken
		},
		RegisterAgent: func(_ context.Context, a store.Agent) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.agents = append(slices.DeleteFunc(w.agents, func(b store.Agent) bool { return b.Tenant == a.Tenant && b.ID == a.ID }), a)
			return nil
		},
		Unsent:      func(context.Context) (int, error) { return w.unsent, nil },
		GivenUp:     func(context.Context, int) ([]store.Message, error) { return w.givenUp, nil },
		Problems:    func() []string { return w.problems },
		Changes:     func() (<-chan struct{}, func()) { return w.changed, func() {} },
		Now:         w.clock,
		ContractDir: "/var/lib/nines/clients",
	}
}

// clock stands still at now, unless the world was started.
func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started.IsZero() {
		return w.now
	}
	return w.now.Add(time.Since(w.started))
}

// change lets a test alter the world, and tells the page.
func (w *world) change(alter func()) {
	w.mu.Lock()
	alter()
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// up says that a check answered from so long ago on until now, but for the given outages.
func (w *world) up(series string, from time.Duration, outages ...slo.Span) {
	now := w.now.UnixMilli()
	at := now - from.Milliseconds()
	var spans []slo.Span
	for _, o := range outages {
		spans = append(spans, slo.Span{Start: at, End: o.Start, Last: o.Start - 30*second, State: slo.Up, Reason: slo.Reason(wire.OK)})
		if o.State != slo.Unknown {
			spans = append(spans, o)
		}
		at = o.End
	}
	if at < now {
		spans = append(spans, slo.Span{Start: at, End: now + minute, Last: now - 12*second, State: slo.Up, Reason: slo.Reason(wire.OK)})
	}
	w.spans[series] = spans
}

// outage is downtime that began so long ago and lasted so long.
func (w *world) outage(ago, long time.Duration, reason wire.Reason) slo.Span {
	start := w.now.Add(-ago).UnixMilli()
	end := start + long.Milliseconds()
	state := slo.Down
	if reason.Status() == wire.Unknown {
		state = slo.Unknown
	}
	return slo.Span{Start: start, End: end, Last: end - 30*second, State: state, Reason: slo.Reason(reason)}
}

func (w *world) Contracts() []*contract.Contract {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.contracts
}

func (w *world) find(client, id string) (*contract.Contract, contract.SLO, contract.Service, error) {
	for _, c := range w.contracts {
		for _, o := range c.SLOs {
			for _, s := range c.Services {
				if c.Client.ID == client && o.ID == id && s.ID == o.Service {
					return c, o, s, w.broken
				}
			}
		}
	}
	return nil, contract.SLO{}, contract.Service{}, ledger.ErrUnknown
}

func (w *world) input(c *contract.Contract, s contract.Service, terms slo.Terms, p slo.Period, now int64) slo.Input {
	in := slo.Input{Period: p, Now: now, Service: s.UpWhen, Terms: terms, Series: map[string][]slo.Span{}}
	for _, leaf := range s.UpWhen.Leaves() {
		in.Series[leaf] = w.spans[c.Client.ID+"."+leaf]
	}
	return in
}

func (w *world) Answer(ctx context.Context, client, id string, at, now int64) (ledger.Answer, error) {
	w.mu.Lock()
	_, o, _, err := w.find(client, id)
	w.mu.Unlock()
	if err != nil {
		return ledger.Answer{}, err
	}
	return w.AnswerPeriod(ctx, client, id, o.Window.At(at), o.Window.Label(at), now)
}

func (w *world) AnswerPeriod(_ context.Context, client, id string, p slo.Period, label string, now int64) (ledger.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	c, o, s, err := w.find(client, id)
	if err != nil {
		return ledger.Answer{}, err
	}
	in := w.input(c, s, o.Terms, p, now)
	a := ledger.Answer{Client: c.Client, Service: s, SLO: o, Demo: c.Demo, Label: label, Now: now, Terms: o.Terms}
	if a.Ledger, err = slo.Evaluate(in); err != nil {
		return a, err
	}
	if a.State, err = slo.Status(in); err != nil {
		return a, err
	}
	a.BreachedAt, _, err = slo.BreachedAt(in)
	return a, err
}

func (w *world) Explain(_ context.Context, client, id string, p slo.Period, now int64) ([]slo.ClassSpan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, o, s, err := w.find(client, id)
	if err != nil {
		return nil, err
	}
	return slo.Explain(w.input(c, s, o.Terms, p, now))
}

// Present follows the spans of the service's first leaf that is worse than the rest.
func (w *world) Present(_ context.Context, client, service string, now int64) (ledger.Present, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.contracts {
		for _, s := range c.Services {
			if c.Client.ID != client || s.ID != service {
				continue
			}
			return w.present(c, s, now)
		}
	}
	return ledger.Present{}, ledger.ErrUnknown
}

func (w *world) present(c *contract.Contract, s contract.Service, now int64) (ledger.Present, error) {
	in := w.input(c, s, slo.Terms{Objective: mustObjective("99")}, slo.Period{Start: now - 60*dayMS, End: now + 1}, now)
	spans, err := slo.Explain(in)
	if err != nil || len(spans) == 0 {
		return ledger.Present{}, err
	}
	last := spans[len(spans)-1]
	p := ledger.Present{State: last.State, Reason: wire.Reason(last.Reason), Since: last.Start, Unserved: w.unserved[c.Client.ID+"."+s.ID]}
	if p.State != slo.Up {
		p.Cause, _, _ = strings.Cut(last.Cause, "@")
	}
	for i := len(spans) - 2; i >= 0 && spans[i].State == last.State; i-- {
		p.Since = spans[i].Start
	}
	for _, series := range in.Series {
		for _, span := range series {
			p.LastObservation = max(p.LastObservation, span.Last)
		}
	}
	if p.LastObservation == 0 {
		p.Since, p.Cause = 0, ""
	}
	for _, m := range c.Maintenance {
		over := m.Window.Period
		if over.Start <= now && now < over.End && (len(m.Services) == 0 || slices.Contains(m.Services, s.ID)) {
			p.InMaintenance = true
		}
	}
	return p, w.broken
}

func mustObjective(s string) slo.Objective {
	o, err := slo.ParseObjective(s)
	if err != nil {
		panic(err)
	}
	return o
}

// terms is a contract with a check, a service and a monthly SLO for each "id = name = objective".
func terms(id, name, more string, services ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "effective = 2026-01-01\n%s\n[client]\nid = %q\nname = %q\ntime_zone = \"Europe/Berlin\"\n[[site]]\nid = \"hq\"\nname = \"HQ\"\n", more, id, name)
	for _, s := range services {
		parts := strings.Split(s, " = ")
		fmt.Fprintf(&b, "[[check]]\nid = %[1]q\nsite = \"hq\"\ninterval = \"30s\"\ntcp = { address = \"127.0.0.1:9\" }\n[[service]]\nid = %[1]q\nname = %[2]q\nup_when = %[1]q\n", parts[0], parts[1])
		if len(parts) > 2 {
			fmt.Fprintf(&b, "[[slo]]\nid = \"%[1]s-availability\"\nservice = %[1]q\nobjective = \"%[2]s%%\"\nwindow = \"month\"\n", parts[0], parts[2])
		}
	}
	return b.String()
}

// practice is a small MSP's ordinary bad night: one service down, one unknown, one breached.
func practice(t testing.TB) *world {
	w := newWorld(t,
		terms("acme", "Acme Dental Group", "", "erp = ERP = 99.9", "internet = Internet HQ = 99.5", "mail = Mail = 99.9", "phones = Telephony = 99.95"),
		terms("brenner", "Brenner Logistik GmbH", "", "wms = Warehouse system = 99.9", "vpn = Site-to-site VPN = 99.5", "edi = EDI gateway = 99"),
		terms("demo", "Northwind (example)", "demo = true", "shop = Web shop = 99.9", "slow = Slow API = 99"),
	)
	const days = 24 * time.Hour
	w.up("acme.erp", 55*days, w.outage(41*time.Hour, 4*time.Minute, wire.HTTPStatus), w.outage(14*time.Minute, 15*time.Minute, wire.Refused))
	w.spans["acme.erp"][3].Last = w.now.UnixMilli() - 9*second
	w.up("acme.internet", 55*days, w.outage(19*days, 70*time.Minute, wire.Timeout), w.outage(6*days, 11*time.Minute, wire.Timeout))
	w.up("acme.mail", 55*days, w.outage(25*days, 3*time.Minute, wire.Timeout))
	w.up("acme.phones", 55*days, w.outage(9*days, 31*time.Minute, wire.Loss))
	w.up("brenner.wms", 55*days, w.outage(12*days+5*time.Hour, 36*time.Minute, wire.Timeout))
	w.up("brenner.vpn", 55*days, w.outage(38*time.Minute, time.Hour, wire.AgentStopped))
	w.spans["brenner.vpn"] = w.spans["brenner.vpn"][:1]
	w.up("brenner.edi", 22*days)
	w.up("demo.shop", 55*days, w.outage(3*days, 9*time.Minute, wire.HTTPStatus), w.outage(2*days, 2*time.Minute, wire.HTTPStatus))
	w.up("demo.slow", 55*days, w.outage(15*days, 3*time.Hour, wire.Slow))
	now := w.now.UnixMilli()
	w.agents = []store.Agent{
		{Tenant: "acme", Site: "hq", ID: "acme-hq-1", KeyID: "aa", RegisteredAt: now - 55*dayMS, LastContact: now - 8*second, Version: "1.4.0"},
		{Tenant: "brenner", Site: "hq", ID: "brenner-hq", KeyID: "bb", RegisteredAt: now - 55*dayMS, LastContact: now - 38*minute, Version: "1.4.0"},
		{Tenant: "demo", Site: "hq", ID: "demo-1", KeyID: "cc", RegisteredAt: now - 55*dayMS, LastContact: now - 3*second, Version: "1.4.0"},
	}
	month := slo.Window{Kind: slo.Month, Zone: w.contracts[0].Client.Zone}.At(now)
	w.transitions = []store.Transition{
		{Tenant: "acme", SLO: "erp-availability", Period: month, At: now - 12*minute, From: slo.Met, To: slo.AtRisk},
		{Tenant: "acme", SLO: "phones-availability", Period: month, At: now - 9*dayMS + 23*minute, From: slo.AtRisk, To: slo.Breached, BreachedAt: now - 9*dayMS + 22*minute, Note: "breach"},
		{Tenant: "demo", SLO: "slow-availability", Period: month, At: now - 11*dayMS, From: slo.Met, To: slo.AtRisk},
		{Tenant: "brenner", SLO: "wms-availability", Period: month, At: now - 12*dayMS, From: slo.Met, To: slo.AtRisk},
	}
	return w
}

// serve opens a site over a real listener, keeps its page live until the test ends, and gives
// its address.
func serve(t testing.TB, opts Options) string {
	t.Helper()
	s := startServer(t, opts, "127.0.0.1:0")
	t.Cleanup(func() { s.stop(t) })
	return "http://" + s.addr
}

// server is a site that runs as the collector runs it.
type server struct {
	addr   string
	http   *http.Server
	cancel context.CancelFunc
	ran    chan error
}

func startServer(t testing.TB, opts Options, addr string) *server {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	site := New(opts)
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{
		addr: listener.Addr().String(), cancel: cancel, ran: make(chan error, 1),
		http: &http.Server{Handler: site, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second},
	}
	go func() { s.ran <- site.Run(ctx) }()
	go s.http.Serve(listener) //nolint:errcheck // ends with Shutdown
	return s
}

// stop ends the streams and then the server, as the collector does.
func (s *server) stop(t testing.TB) {
	t.Helper()
	s.cancel()
	if err := <-s.ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v; a stream was still open", err)
	}
}

// single is the first minute of a new collector: one service, too little observed to prove anything.
func single(t testing.TB) *world {
	w := newWorld(t, terms("here", "This machine", "", "gateway = Default gateway = 99.5")+"min_coverage = \"95%\"\n")
	w.up("here.gateway", 50*time.Second)
	w.agents = []store.Agent{{Tenant: "here", Site: "hq", ID: "here", LastContact: w.now.UnixMilli() - 2*second, Version: "1.4.0"}}
	return w
}

// many is forty services of five clients; all is well but for one maintenance.
func many(t testing.TB) *world {
	var contracts []string
	for c := range 5 {
		var services []string
		for s := range 8 {
			services = append(services, fmt.Sprintf("service-%d = Service number %d = 99.9", s, s+1))
		}
		contracts = append(contracts, terms(fmt.Sprintf("client-%d", c), fmt.Sprintf("Client number %d", c+1), "", services...))
	}
	w := newWorld(t, contracts...)
	for c := range 5 {
		for s := range 8 {
			w.up(fmt.Sprintf("client-%d.service-%d", c, s), 70*24*time.Hour,
				w.outage(time.Duration(s*70+c*31+5)*time.Hour, time.Duration(s+c)*time.Minute, wire.Timeout))
		}
	}
	now := w.now.UnixMilli()
	w.contracts[2].Maintenance = []contract.Maintenance{{
		ID: "move", Title: "Move of the rack", Services: []string{"service-3"},
		Window: slo.Maintenance{Period: slo.Period{Start: now - hour, End: now + hour}},
	}}
	w.spans["client-2.service-3"] = append(w.spans["client-2.service-3"][:2], w.outage(50*time.Minute, time.Hour, wire.Timeout))
	return w
}

// hostile has names that try to break the page, two objectives on a service, and everything
// that can be wrong with a collector.
func hostile(t testing.TB) *world {
	long := strings.Repeat("Extraordinarily-long-", 9) + "name"
	w := newWorld(t,
		terms("a", `<script>alert(1)</script><img src=x onerror=alert(2)>`, "",
			`s1 = <b>bold</b> & "quoted" {{.}} = 99.9`, "s2 = "+long+" = 99.9", "s3 = \u05d0\u05d1\u05d2 \u202egpj.exe = 99.9", "s4 = 名前が長いサービスの名前 = 99.9", "s5 = Nothing promised"),
		terms("b", long, "demo = true", "s1 = x = 99.9999"),
	)
	w.contracts[0].SLOs = append(w.contracts[0].SLOs, contract.SLO{
		ID: "s1-week", Service: "s1", Window: slo.Window{Kind: slo.Rolling, Length: 7 * 24 * time.Hour},
		Terms: slo.Terms{Objective: mustObjective("95")},
	})
	w.contracts[0].Services[0].UpWhen = slo.All(slo.Leaf("s1"), slo.Leaf("s5"))
	w.unserved = map[string][]string{"a.s3": {"hq"}, "a.s1": {"hq", strings.Repeat("lab", 20), "shop", "yard", "dock"}}
	w.contracts[0].Services[0].Runbook = "javascript:alert(3)"
	w.contracts[0].Services[1].Runbook = "https://wiki.example/?a=1&b=<2>"
	w.up("a.s1", 40*24*time.Hour, w.outage(3*time.Minute, time.Hour, wire.TLSUntrusted))
	w.up("b.s1", 40*24*time.Hour, w.outage(30*24*time.Hour, 10*24*time.Hour, wire.AgentStopped))
	w.agents = []store.Agent{
		{Tenant: "a", Site: "hq", ID: strings.Repeat("a", 64), Version: "</p><script>alert(4)</script>" + long, LastContact: w.now.UnixMilli() - 3*dayMS},
		{Tenant: "gone", Site: "hq", ID: "never", Fault: "<i>two agents</i> with one key"},
	}
	w.problems = []string{
		`/etc/nines/clients/acme.toml:12: check[0].http.url: "htp://x" is not an http or https URL`,
		"/etc/nines/clients/" + long + ".toml:3: client.nmae: unknown key; did you mean name?",
	}
	w.unsent = 2
	w.givenUp = []store.Message{{
		To: []string{"it@acme.example"}, Subject: "Breach <b>of</b> " + long, LastError: "550 no such user <script>", GivenUpAt: w.now.UnixMilli(),
	}}
	return w
}
