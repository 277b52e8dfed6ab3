package probes_test

import (
	"strings"
	"testing"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

func TestNewNamesTheCheckAndTheKey(t *testing.T) {
	web := func(url string) wire.Check {
		return wire.Check{HTTP: &wire.HTTP{URL: url, Status: []string{"2xx"}}}
	}
	page := func(h wire.HTTP) wire.Check {
		h.URL = "http://a.example/"
		return wire.Check{HTTP: &h}
	}
	tcp := func(address string) wire.Check { return wire.Check{TCP: &wire.TCP{Address: address}} }
	ping := func(host string) wire.Check { return wire.Check{ICMP: &wire.ICMP{Host: host, Packets: 1}} }
	long := strings.Repeat("a", 64)

	for name, tc := range map[string]struct {
		check wire.Check
		want  string
	}{
		"no protocol":           {wire.Check{}, `check erp: want exactly one of icmp, http and tcp, got 0`},
		"no scheme":             {web("a.example/health"), `check erp: http.url: "a.example/health": want http:// or https://`},
		"another scheme":        {web("ftp://a.example/"), `check erp: http.url: "ftp://a.example/": want http:// or https://`},
		"no host":               {web("http:///health"), `check erp: http.url: "http:///health": names no host`},
		"a port that is none":   {web("http://a.example:70000/"), `check erp: http.url: "http://a.example:70000/": port "70000": want 1 to 65535`},
		"a URL that is none":    {web("http://a.example/%zz"), `check erp: http.url: not a URL: invalid URL escape "%zz"`},
		"a password is hidden":  {web("ftp://joe:secret@a.example/"), `check erp: http.url: "ftp://joe:xxxxx@a.example/": want http:// or https://`},
		"also where all breaks": {web("http://joe:secret@a.example:x/"), `check erp: http.url: not a URL: invalid port ":x" after host`},
		"another alphabet":      {web("http://bücher.example/"), `check erp: http.url: "http://b%C3%BCcher.example/": not a host name: 'ü' is not allowed (write a name beyond ASCII in its xn-- form)`},
		"another method":        {page(wire.HTTP{Method: "POST", Status: []string{"2xx"}}), `check erp: http.method "POST": want GET or HEAD`},
		"a body of HEAD":        {page(wire.HTTP{Method: "HEAD", Body: "ok", Status: []string{"2xx"}}), `check erp: http.body: the answer to HEAD has none: use GET`},
		"a status that is none": {page(wire.HTTP{Status: []string{"2xx", "20x"}}), `check erp: http.status: "20x": want a code such as "204", or a class, "2xx" to "5xx"`},
		"an informal status":    {page(wire.HTTP{Status: []string{"1xx"}}), `check erp: http.status: "1xx": want a code such as "204", or a class, "2xx" to "5xx"`},
		"a body beyond a MiB":   {page(wire.HTTP{Body: strings.Repeat("x", 1<<20+1), Status: []string{"2xx"}}), `check erp: http.body: 1048577 bytes: only the first 1048576 of an answer are read`},
		"no port":               {tcp("a.example"), `check erp: tcp.address "a.example": want host:port, with an IPv6 address in brackets`},
		"an IPv6 address bare":  {tcp("fd00::1:80"), `check erp: tcp.address "fd00::1:80": want host:port, with an IPv6 address in brackets`},
		"the name of a port":    {tcp("a.example:https"), `check erp: tcp.address "a.example:https": port "https": want 1 to 65535`},
		"port 0":                {tcp("a.example:0"), `check erp: tcp.address "a.example:0": port "0": want 1 to 65535`},
		"a port without a host": {tcp(":80"), `check erp: tcp.address ":80": want a name or an address of a host`},
		"no address at all":     {ping("0.0.0.0"), `check erp: icmp.host "0.0.0.0": the unspecified address is no target: name the host itself`},
		"a group":               {ping("224.0.0.1"), `check erp: icmp.host "224.0.0.1": a group of hosts is no target: name one host`},
		"everybody":             {ping("255.255.255.255"), `check erp: icmp.host "255.255.255.255": a group of hosts is no target: name one host`},
		"a link without a name": {ping("fe80::1"), `check erp: icmp.host "fe80::1": a link-local address needs its interface: write fe80::1%eth0`},
		"an address cut short":  {ping("10.20.0"), `check erp: icmp.host "10.20.0": neither an address nor a name: its last part is a number`},
		"an address gone wrong": {ping("10.20.0.256"), `check erp: icmp.host "10.20.0.256": neither an address nor a name: its last part is a number`},
		"a URL for a host":      {ping("http://a"), `check erp: icmp.host "http://a": not a host name: ':' is not allowed (write a name beyond ASCII in its xn-- form)`},
		"an empty part":         {ping("a..b"), `check erp: icmp.host "a..b": not a host name: a part is empty, too long, or has a hyphen at an end`},
		"a part too long":       {ping(long), `check erp: icmp.host "` + long + `": not a host name: a part is empty, too long, or has a hyphen at an end`},
	} {
		t.Run(name, func(t *testing.T) {
			c := tc.check
			c.ID, c.IntervalMS, c.TimeoutMS, c.DownAfter, c.UpAfter = "erp", 60_000, 5_000, 1, 1
			if _, err := probes.New(c); err == nil || err.Error() != tc.want {
				t.Errorf("New = %v, want %s", err, tc.want)
			}
		})
	}
}

func TestNewTakesWhatIsMeant(t *testing.T) {
	for name, c := range map[string]wire.Check{
		"a port of a URL":     {HTTP: &wire.HTTP{URL: "https://a.example:8443/x?y=z#part", Status: []string{"204", "3xx"}}},
		"an IPv6 URL":         {HTTP: &wire.HTTP{URL: "http://[fd00::1]:80/", Status: []string{"2xx"}}},
		"a link's own host":   {ICMP: &wire.ICMP{Host: "fe80::1%eth0", Packets: 1}},
		"a name with its dot": {TCP: &wire.TCP{Address: "db_1.example.:5432"}},
		"a short name":        {TCP: &wire.TCP{Address: "localhost:80"}},
		"a name in punycode":  {ICMP: &wire.ICMP{Host: "xn--bcher-kva.example", Packets: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c.ID, c.IntervalMS, c.TimeoutMS, c.DownAfter, c.UpAfter = "erp", 60_000, 5_000, 1, 1
			if _, err := probes.New(c); err != nil {
				t.Errorf("New = %v, want a prober", err)
			}
		})
	}
}
