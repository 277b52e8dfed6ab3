package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/slo"
)

// How many lines of a kind the page shows before it only counts.
const (
	troubleShown = 6
	linesShown   = 12
	sitesShown   = 3 // of a service
)

// view is the overview in the words of its page. It depends on the time only through what has
// happened, not through how long ago: two views are equal when a viewer need not be told.
type view struct {
	Summary     summaryView
	Notices     noticesView
	Clients     []clientView
	ContractDir string
	Agents      []agentView
	Recent      []changeView
}

type summaryView struct {
	Kind     string // up, down, unknown, maintenance or empty: what the whole looks like
	Title    string // "2 services are down"
	Up       int
	Down     int
	Unknown  int
	Maint    int
	Met      int
	Unproven int // met so far, but too little of it was measured
	AtRisk   int
	Breached int
	Blank    int // not measured at all
	Trouble  []troubleView
	More     int // troubles beyond those shown
}

type troubleView struct {
	Part, Name, Client string
	Demo               bool
	State              stateView
}

type noticesView struct {
	Problems    []string // the first few
	AllProblems int
	Faults      []string // the first few
	AllFaults   int
	Unsent      int
	GivenUp     []givenUpView // the newest
	Demo        bool
}

type givenUpView struct {
	At                when
	Subject, To, Last string
}

type clientView struct {
	ID, Name, Zone string
	Demo           bool
	Services       []serviceView
}

type serviceView struct {
	Part    string // id of the element that shows it
	ID      string // "client.service"
	Name    string
	Runbook string
	State   stateView
	Last    when
	SLOs    []sloView
	Rows    int
}

type stateView struct {
	Kind   string // up, down, unknown or maintenance
	Word   string
	Since  when
	Detail string // why; empty when up
	Idle   string // the sites where nobody probes, in words; empty: there are none
}

func newView(f facts) view {
	v := view{ContractDir: f.contractDir, Notices: noticesView{
		Problems: f.problems[:min(len(f.problems), linesShown)], AllProblems: len(f.problems),
		Faults: f.faults[:min(len(f.faults), linesShown)], AllFaults: len(f.faults),
		Unsent: f.unsent,
	}}
	for _, m := range f.givenUp {
		v.Notices.GivenUp = append(v.Notices.GivenUp, givenUpView{
			newWhen(m.GivenUpAt, time.UTC), m.Subject, strings.Join(m.To, ", "), m.LastError,
		})
	}
	clients := map[string]*contract.Contract{}
	for _, c := range f.clients {
		v.Clients = append(v.Clients, newClientView(c))
		v.Notices.Demo = v.Notices.Demo || c.Demo
		clients[c.Client.ID] = c.Contract
	}
	v.Summary = newSummary(v.Clients)
	for _, a := range f.agents {
		v.Agents = append(v.Agents, newAgentView(a, clients[a.Tenant], f.at))
	}
	for _, t := range f.recent {
		if c := clients[t.Tenant]; c != nil { // else its contract went since the transitions were read
			v.Recent = append(v.Recent, newChangeView(t, c))
		}
	}
	return v
}

func zoneOf(c *contract.Contract) *time.Location {
	if c.Client.Zone == nil {
		return time.UTC
	}
	return c.Client.Zone
}

func newClientView(c clientFacts) clientView {
	v := clientView{ID: c.Client.ID, Name: c.Client.Name, Zone: zoneOf(c.Contract).String(), Demo: c.Demo}
	for _, s := range c.services {
		v.Services = append(v.Services, newServiceView(c.Contract, s))
	}
	return v
}

func newServiceView(c *contract.Contract, s serviceFacts) serviceView {
	zone := zoneOf(c)
	id := c.Client.ID + "." + s.ID
	v := serviceView{
		Part: "service-" + id, ID: id, Name: s.Name, Runbook: webAddress(s.Runbook),
		State: newStateView(s.present, s.Service, zone), Last: newWhen(s.present.LastObservation, zone),
		Rows: max(1, len(s.slos)),
	}
	for _, promised := range s.slos {
		w := newSLOView(promised, zone)
		w.LedgerURL = "/api/v1/services/" + url.PathEscape(id) + "/ledger?explain=1&slo=" + url.QueryEscape(promised.SLO.ID)
		v.SLOs = append(v.SLOs, w)
	}
	return v
}

// webAddress is a contract's link if a browser may follow it, else nothing.
func webAddress(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return link
}

func newStateView(p ledger.Present, s contract.Service, zone *time.Location) stateView {
	kind := presentKind(p)
	v := stateView{Kind: kind, Word: capital(kind), Since: newWhen(p.Since, zone), Idle: sites(p.Unserved)}
	switch {
	case p.InMaintenance && p.State != slo.Up:
		v.Detail = "probes say " + p.State.String()
		v.Since = when{}
	case p.InMaintenance:
		v.Detail = "probes say up"
		v.Since = when{}
	case p.State == slo.Up:
	case p.LastObservation == 0 && v.Idle != "": // which is why
	case p.LastObservation == 0:
		v.Detail = "no observation yet"
	case p.State == slo.Unknown && because(p.Reason) == "":
		v.Detail = "no observation"
	default:
		v.Detail = because(p.Reason)
	}
	if p.Cause != "" && v.Detail != "" && !p.InMaintenance && severalChecks(s) {
		v.Detail += " · " + p.Cause
	}
	return v
}

// severalChecks reports whether a service depends on more than one check, so that one wants a name.
func severalChecks(s contract.Service) bool {
	leaves := s.UpWhen.Leaves()
	return slices.ContainsFunc(leaves, func(id string) bool { return id != leaves[0] })
}

// sites names sites in words: "site shop", "sites hq, lab and 2 more".
func sites(ids []string) string {
	switch more := len(ids) - sitesShown; {
	case len(ids) == 0:
		return ""
	case len(ids) == 1:
		return "site " + ids[0]
	case more > 0:
		return fmt.Sprintf("sites %s and %d more", strings.Join(ids[:sitesShown], ", "), more)
	}
	last := len(ids) - 1
	return "sites " + strings.Join(ids[:last], ", ") + " and " + ids[last]
}

// presentKind is the one word for a service now.
func presentKind(p ledger.Present) string {
	if p.InMaintenance {
		return "maintenance"
	}
	return p.State.String()
}

func newSummary(clients []clientView) summaryView {
	var v summaryView
	byKind := map[string][]troubleView{}
	for _, c := range clients {
		for _, s := range c.Services {
			byKind[s.State.Kind] = append(byKind[s.State.Kind], troubleView{s.Part, s.Name, c.Name, c.Demo, s.State})
			for _, o := range s.SLOs {
				switch o.Budget {
				case slo.Met.String():
					v.Met++
				case notProven:
					v.Unproven++
				case slo.AtRisk.String():
					v.AtRisk++
				case slo.Breached.String():
					v.Breached++
				default:
					v.Blank++
				}
			}
		}
	}
	v.Up, v.Down, v.Unknown, v.Maint = len(byKind["up"]), len(byKind["down"]), len(byKind["unknown"]), len(byKind["maintenance"])
	v.Kind, v.Title = v.judge()
	v.Trouble = append(byKind["down"], byKind["unknown"]...)
	if len(v.Trouble) > troubleShown {
		v.More = len(v.Trouble) - troubleShown
		v.Trouble = v.Trouble[:troubleShown]
	}
	return v
}

// judge says in one line what the whole looks like, worst first.
func (v summaryView) judge() (kind, title string) {
	all := v.Up + v.Down + v.Unknown + v.Maint
	switch {
	case all == 0:
		return "empty", "Nothing to watch yet"
	case v.Down > 0:
		return "down", is(v.Down) + " down"
	case v.Unknown == all:
		return "unknown", "Nothing is known yet"
	case v.Unknown > 0:
		return "unknown", is(v.Unknown) + " unknown"
	case v.Maint == all:
		return "maintenance", "Everything is in maintenance"
	case all == 1:
		return "up", "The service is up"
	case v.Maint > 0:
		return "up", fmt.Sprintf("%s up, %d in maintenance", is(v.Up), v.Maint)
	}
	return "up", fmt.Sprintf("All %d services are up", all)
}

func is(n int) string {
	if n == 1 {
		return "1 service is"
	}
	return fmt.Sprintf("%d services are", n)
}
