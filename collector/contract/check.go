package contract

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// What a check has when neither it nor the defaults say otherwise.
const (
	defaultInterval  = 30 * time.Second
	defaultTimeout   = 5 * time.Second
	defaultRetry     = 5 * time.Second
	defaultDownAfter = 2
	defaultUpAfter   = 1
	defaultPackets   = 3
	defaultMaxLoss   = 34 // percent: one packet of three
)

// Bounds of a check.
const (
	minInterval = time.Second
	maxInterval = 24 * time.Hour
	tick        = wire.TickMS * time.Millisecond
	maxStale    = 7 * 24 * time.Hour
	maxAfter    = 100
	maxPackets  = 20
	maxBody     = 1024 // bytes
)

func (p *parser) allChecks() {
	p.required("check", len(p.in.Check) == 0, "a contract needs at least one [[check]]")
	if len(p.in.Check) > wire.MaxChecks {
		p.doc.Add("check", "%d checks: at most %d", len(p.in.Check), wire.MaxChecks)
		return
	}
	defaults := p.timing("defaults", timing{
		interval: defaultInterval, timeout: defaultTimeout, retry: defaultRetry,
		downAfter: defaultDownAfter, upAfter: defaultUpAfter,
	}, p.in.Defaults)
	for i, in := range p.in.Check {
		p.check(at("check", i, ""), in, defaults)
	}
}

func (p *parser) check(place string, in checkTable, defaults timing) {
	p.required(place+".site", !p.doc.Has(place+".site"), "say at which site it is probed")
	p.refers(place+".site", "site", in.Site, p.sites)
	t := p.timing(place, defaults, in.timing())
	c := wire.Check{
		ID:         in.ID,
		IntervalMS: t.interval.Milliseconds(),
		TimeoutMS:  t.timeout.Milliseconds(),
		RetryMS:    t.retry.Milliseconds(),
		DownAfter:  t.downAfter,
		UpAfter:    t.upAfter,
	}
	p.target(place, in, &c, t.timeout)
	p.Checks = append(p.Checks, Check{
		Site: in.Site,
		Wire: c,
		Fold: slo.Params{
			Interval:   c.IntervalMS,
			StaleAfter: t.stale.Milliseconds(),
			DownAfter:  t.downAfter,
			UpAfter:    t.upAfter,
		},
	})
}

func (p *parser) target(place string, in checkTable, c *wire.Check, timeout time.Duration) {
	var kinds []string
	if in.ICMP != nil {
		kinds = append(kinds, "icmp")
		c.ICMP = p.icmp(place+".icmp", *in.ICMP)
	}
	if in.HTTP != nil {
		kinds = append(kinds, "http")
		c.HTTP = p.http(place+".http", *in.HTTP, timeout)
	}
	if in.TCP != nil {
		kinds = append(kinds, "tcp")
		c.TCP = p.tcp(place+".tcp", *in.TCP)
	}
	switch {
	case len(kinds) > 1:
		p.doc.Add(place+"."+kinds[1], "a check probes one thing, and this one has %s as well: make it a check of its own", kinds[0])
	case len(kinds) == 0 && !p.doc.Faulty(place):
		p.doc.Add(place, "missing: say what to probe, with one of icmp, http and tcp")
	}
}

func (p *parser) icmp(place string, in icmpTable) *wire.ICMP {
	out := &wire.ICMP{Host: in.Host, Packets: defaultPackets, MaxLossPercent: defaultMaxLoss}
	p.required(place+".host", !p.doc.Has(place+".host"), "give a name or an address")
	if !isHost(in.Host) {
		p.doc.Add(place+".host", "%q: want a host name or an IP address", in.Host)
	}
	if in.Packets != nil {
		out.Packets = *in.Packets
		p.within(place+".packets", out.Packets, 1, maxPackets)
	}
	if in.MaxLoss != nil {
		loss, err := strconv.Atoi(in.MaxLoss.text)
		if err != nil || loss > 99 {
			p.doc.Add(place+".max_loss", `%q: want whole percent from "0%%" to "99%%"`, in.MaxLoss.text+"%")
		}
		out.MaxLossPercent = loss
	}
	return out
}

func (p *parser) http(place string, in httpTable, timeout time.Duration) *wire.HTTP {
	out := &wire.HTTP{
		URL: in.URL, Method: in.Method, Status: []string{"2xx"}, Body: in.Body,
		SkipVerify: in.VerifyTLS != nil && !*in.VerifyTLS,
	}
	p.required(place+".url", !p.doc.Has(place+".url"), "give the address of a page")
	p.url(place+".url", in.URL)
	p.oneOf(place+".method", in.Method, "GET", "HEAD")
	if p.doc.Has(place + ".status") {
		out.Status = in.Status
		p.statuses(place+".status", in.Status)
	}
	switch {
	case in.Method == "HEAD" && in.Body != "":
		p.doc.Add(place+".body", "the answer to HEAD has no body: use GET")
	case len(in.Body) > maxBody:
		p.doc.Add(place+".body", "longer than %d bytes: look for less", maxBody)
	}
	if in.MaxLatency != nil {
		latency := time.Duration(*in.MaxLatency)
		out.MaxLatencyMS = latency.Milliseconds()
		if latency <= 0 || latency > timeout {
			p.doc.Add(place+".max_latency", "%s: want more than 0 and no more than the timeout, %s", spoken(latency), spoken(timeout))
		}
	}
	return out
}

var statusPattern = regexp.MustCompile(`^[1-5](xx|[0-9][0-9])$`)

func (p *parser) statuses(key string, statuses []string) {
	if len(statuses) == 0 {
		p.doc.Add(key, `empty: list what is well, such as "2xx" or "204"`)
	}
	for i, s := range statuses {
		if !statusPattern.MatchString(s) {
			p.doc.Add(at(key, i, ""), `%q: want a status such as "204", or a class such as "2xx"`, s)
		}
	}
}

func (p *parser) tcp(place string, in tcpTable) *wire.TCP {
	p.required(place+".address", !p.doc.Has(place+".address"), `give host and port, such as "10.20.0.40:5432"`)
	if !isHostPort(in.Address) {
		p.doc.Add(place+".address", `%q: want host and port, such as "10.20.0.40:5432" or "[2001:db8::1]:22"`, in.Address)
	}
	return &wire.TCP{Address: in.Address}
}

// url checks an address of the web. It is not repeated if it carries a password.
func (p *parser) url(key, text string) {
	if text == "" && p.doc.Faulty(key) {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		p.doc.Add(key, "not a URL: want one such as https://erp.example/health")
	case u.User != nil:
		p.doc.Add(key, "a URL with a user or password is not supported: contracts hold no secrets")
	case u.Scheme != "http" && u.Scheme != "https" || !isHost(u.Hostname()) || !isPort(u.Port(), true) || u.Opaque != "":
		p.doc.Add(key, "%q: want a URL such as https://erp.example/health", text)
	}
}

var labelPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$`)

// isHost reports whether s is an IP address or could be a host name (RFC 1123, and the
// underscore that Windows networks have).
func isHost(s string) bool {
	if addr, err := netip.ParseAddr(s); err == nil {
		return !strings.ContainsFunc(addr.Zone(), func(r rune) bool { return r <= ' ' || r > '~' })
	}
	if len(s) > 253 || strings.Trim(s, "0123456789.") == "" {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if len(label) > 63 || !labelPattern.MatchString(label) {
			return false
		}
	}
	return true
}

// isHostPort reports whether s is host:port, with brackets around an IPv6 address.
func isHostPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || !isPort(s[i+1:], false) {
		return false
	}
	host := s[:i]
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && strings.Contains(inner, ":") && isHost(inner)
	}
	return !strings.Contains(host, ":") && isHost(host)
}

func isPort(s string, mayBeMissing bool) bool {
	if s == "" {
		return mayBeMissing
	}
	port, err := strconv.ParseUint(s, 10, 16)
	return err == nil && port > 0
}
