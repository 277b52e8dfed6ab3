package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	_ "time/tzdata" // the time zones of clients exist on every host

	"github.com/nines-monitor/nines/internal/strict"
	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/slo"
)

// maxName bounds the names and titles that people read, in characters.
const maxName = 200

// Parse reads one client's contract. file is what messages call it; it is not opened. The
// error is nil or strict.Problems: everything that is wrong, each with file, line and key.
// What is only worth a second look is in the contract's Warnings.
func Parse(file string, data []byte) (*Contract, error) {
	p := &parser{Contract: &Contract{Source: Source{file, data}}}
	p.doc = strict.Read(file, data, &p.in)
	if p.doc.Readable() {
		p.all()
	}
	if err := p.doc.Err(); err != nil {
		return nil, err
	}
	p.lint()
	return p.Contract, nil
}

// parser turns a document into a contract. Its methods go through the document in the order
// in which things refer to each other, and add to its problems as they go.
type parser struct {
	*Contract
	doc *strict.Document
	in  document

	// The ids that there are.
	sites, contacts, checks, services, calendarIDs map[string]bool
	calendars                                      map[string]*slo.Calendar
}

func (p *parser) all() {
	p.client()
	p.contacts = named(p, "contact", p.in.Contact, func(t contactTable) string { return t.ID })
	p.sites = named(p, "site", p.in.Site, func(t siteTable) string { return t.ID })
	p.checks = named(p, "check", p.in.Check, func(t checkTable) string { return t.ID })
	p.services = named(p, "service", p.in.Service, func(t serviceTable) string { return t.ID })
	named(p, "slo", p.in.SLO, func(t sloTable) string { return t.ID })
	named(p, "maintenance", p.in.Maintenance, func(t maintenanceTable) string { return t.ID })
	p.allContacts()
	p.allSites()
	p.allChecks()
	p.allServices()
	p.allCalendars()
	p.allMaintenance()
	p.allSLOs()
	p.report()
}

func (p *parser) client() {
	in := p.in.Client
	p.Effective = slo.Date(p.in.Effective)
	p.required("effective", p.in.Effective == date{}, "say from which date the terms count, such as 2026-10-01")
	p.Demo = p.in.Demo
	p.required("client", !p.doc.Has("client"), "say who the client is, with id, name and time_zone")
	p.id("client", in.ID)
	p.Client = Client{
		ID:       in.ID,
		Name:     p.name("client.name", in.Name),
		Zone:     p.zone("client.time_zone", in.TimeZone, nil),
		Language: in.Language,
	}
	switch in.Language {
	case "":
		p.Client.Language = "en"
	case "en":
	default:
		p.doc.Add("client.language", `%q: only "en" is supported yet`, in.Language)
	}
}

func (p *parser) allSites() {
	p.required("site", len(p.in.Site) == 0, "a contract needs at least one [[site]]")
	for i, in := range p.in.Site {
		p.Sites = append(p.Sites, Site{in.ID, p.name(at("site", i, "name"), in.Name)})
	}
}

// named checks the ids of a list of tables and gives the set of them.
func named[T any](p *parser, list string, tables []T, id func(T) string) map[string]bool {
	first := make(map[string]string, len(tables))
	ids := make(map[string]bool, len(tables))
	for i, t := range tables {
		place := at(list, i, "")
		p.id(place, id(t))
		if other, taken := first[id(t)]; taken && id(t) != "" {
			p.doc.Add(place+".id", "%q is the id of %s as well (line %d): give each its own", id(t), other, p.doc.Line(other))
			continue
		}
		first[id(t)] = place
		ids[id(t)] = true
	}
	return ids
}

// id checks the id of the table at place.
func (p *parser) id(place, id string) {
	p.required(place+".id", !p.doc.Has(place+".id"), "give it an id, such as \"erp-web\"")
	if !wire.ValidID(id) {
		p.doc.Add(place+".id", "%q: want 1 to 64 of a-z, 0-9 and -, with no - at either end", id)
	}
}

// maxGuesses bounds the ids among which the one that was meant is looked for.
const maxGuesses = 500

// refers checks that an id names something that is there.
func (p *parser) refers(key, kind, id string, known map[string]bool) {
	if known[id] {
		return
	}
	hint := ""
	if len(known) <= maxGuesses {
		if meant := strict.Nearest(id, slices.Sorted(maps.Keys(known))); meant != "" {
			hint = fmt.Sprintf(": did you mean %q?", meant)
		}
	}
	p.doc.Add(key, "%q: no such %s in this contract%s", id, kind, hint)
}

// required adds a problem for a key that is missing.
func (p *parser) required(key string, missing bool, remedy string) {
	if missing {
		p.doc.Add(key, "missing: %s", remedy)
	}
}

// name checks a name that people read. It may have any letters, in any direction.
func (p *parser) name(key, text string) string {
	p.required(key, !p.doc.Has(key), "give it a name for people to read")
	p.printable(key, text)
	switch {
	case strings.TrimSpace(text) == "":
		p.doc.Add(key, "empty: give it a name for people to read")
	case utf8.RuneCountInString(text) > maxName:
		p.doc.Add(key, "longer than %d characters", maxName)
	}
	return text
}

// printable refuses control characters, which would break lines in mails and logs.
func (p *parser) printable(key, text string) {
	position := 0
	for _, r := range text {
		position++
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			p.doc.Add(key, "control character %U at position %d: remove it", r, position)
			return
		}
	}
}

// zone looks a time zone up in the IANA database.
func (p *parser) zone(key, name string, otherwise *time.Location) *time.Location {
	if !p.doc.Has(key) {
		p.required(key, otherwise == nil, `give an IANA time zone, such as "Europe/Berlin"`)
		return otherwise
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		p.doc.Add(key, `%q: no such time zone: want an IANA name, such as "Europe/Berlin"`, name)
		return time.UTC
	}
	return zone
}

// oneOf finds a word in a list; a key that is not given is the first one.
func (p *parser) oneOf(key, word string, words ...string) int {
	if !p.doc.Has(key) {
		return 0
	}
	i := slices.Index(words, word)
	if i < 0 {
		p.doc.Add(key, "%q: want %s", word, alternatives(words))
		return 0
	}
	return i
}

func alternatives(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// at is the path of a key of an element of a list, or of the element when key is empty.
func at(list string, i int, key string) string {
	if key != "" {
		key = "." + key
	}
	return fmt.Sprintf("%s[%d]%s", list, i, key)
}
