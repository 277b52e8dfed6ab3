// Package contract turns one client's TOML document into terms: what is probed, what is
// promised, who is told.
//
// It promises to be strict and complete: keys that it does not know are errors, and every
// problem of a file is reported at once, each with file, line, key path and remedy. It refuses
// databases and networks; it reads the files that it is pointed at, and nothing else.
package contract

import (
	"time"

	"github.com/nines-monitor/nines/internal/strict"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// Contract is all that one client was promised. It is not changed once it is parsed, so that
// it can be shared.
type Contract struct {
	Source      Source
	Effective   slo.Date // from 00:00 of this date in the client's zone the promises count
	Client      Client
	Contacts    []Contact
	Sites       []Site
	Checks      []Check
	Services    []Service
	SLOs        []SLO
	Maintenance []Maintenance
	Report      *Report // nil: no report is sent
	Demo        bool    // made-up data: marked as such wherever it is shown

	// Warnings are what a good colleague would raise about a contract that can be kept in
	// force as it is.
	Warnings strict.Problems
}

// Source is a contract's document and where it came from.
type Source struct {
	File string // a path, for people
	Text []byte
}

// Client is the tenant.
type Client struct {
	ID, Name string
	Zone     *time.Location
	Language string // of mails and reports: "en"
}

// Contact is a person who is told.
type Contact struct {
	ID, Name, Email string
	Gets            []string // of "report", "breach", "maintenance"
}

// Site is a place that has an agent.
type Site struct {
	ID, Name string
}

// Check is one thing to probe. Check.Wire is what the site's agents are told.
type Check struct {
	Site string
	Wire wire.Check
	Fold slo.Params
}

// Service is what the client names. Its leaves name checks; who turns them into series knows
// which agents run them.
type Service struct {
	ID, Name string
	UpWhen   slo.Node
	Runbook  string
}

// SLO puts an objective, a window and terms on a service. Terms has everything but Exclusions.
type SLO struct {
	ID, Service string
	Window      slo.Window
	Terms       slo.Terms
	MinCoverage slo.Objective // percent of measurable time below which nothing is proven; zero value: no bound
}

// Maintenance is one agreed window and what it touches.
type Maintenance struct {
	ID, Title string
	Services  []string // empty: all of the client's
	Window    slo.Maintenance
}

// Report says when and to whom the monthly report goes.
type Report struct {
	Day   int           // of the month after, 1..28
	Clock time.Duration // since local 00:00
	To    []string      // contact ids, at least one
}
