package contract

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/nines-monitor/nines/slo"
)

// What a contact may be told.
const (
	GetsReport      = "report"
	GetsBreach      = "breach"
	GetsMaintenance = "maintenance"
)

func (p *parser) allContacts() {
	for i, in := range p.in.Contact {
		place := at("contact", i, "")
		p.required(place+".email", !p.doc.Has(place+".email"), "give an address, such as \"it@acme.example\"")
		if !isAddress(in.Email) {
			p.doc.Add(place+".email", "%q: want one plain address, such as \"it@acme.example\"", in.Email)
		}
		for j, what := range in.Gets {
			key := at(place+".gets", j, "")
			p.oneOf(key, what, GetsReport, GetsBreach, GetsMaintenance)
			if slices.Index(in.Gets, what) < j {
				p.doc.Add(key, "%q is listed twice", what)
			}
		}
		p.Contacts = append(p.Contacts, Contact{in.ID, p.name(place+".name", in.Name), in.Email, in.Gets})
	}
}

// isAddress reports whether s is an address and nothing else: no name, no second one.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	return !strings.ContainsAny(local, "\"\\ ") && isHost(domain)
}

// report reads when and to whom the monthly report goes. Without to, it goes to every
// contact who gets reports.
func (p *parser) report() {
	if p.in.Report == nil {
		return
	}
	p.Report = &Report{Day: 1, To: p.in.Report.To}
	if text := p.in.Report.SendOn; text != nil {
		p.sendOn("report.send_on", *text)
	} else {
		p.Report.Clock, _ = slo.ParseClock("08:00")
	}
	if !p.doc.Has("report.to") {
		for _, c := range p.Contacts {
			if slices.Contains(c.Gets, GetsReport) {
				p.Report.To = append(p.Report.To, c.ID)
			}
		}
	}
	if len(p.Report.To) == 0 {
		p.doc.Add("report.to", "nobody gets the report: list contact ids here, or \"report\" in a contact's gets")
	}
	for i, id := range p.in.Report.To {
		key := at("report.to", i, "")
		p.refers(key, "contact", id, p.contacts)
		if slices.Index(p.in.Report.To, id) < i {
			p.doc.Add(key, "%q is listed twice", id)
		}
	}
}

// sendOn reads "1st 08:00": a day of the month that every month has, and a time of day.
func (p *parser) sendOn(key, text string) {
	day, at, _ := strings.Cut(text, " ")
	since, err := slo.ParseClock(at)
	n, err2 := strconv.Atoi(strings.TrimRight(day, "sthndr"))
	if err != nil || err2 != nil || at == "24:00" || n < 1 || n > 28 || day != ordinal(n) {
		p.doc.Add(key, `%q: want a day from "1st" to "28th" and a time of day, such as "1st 08:00"`, text)
		return
	}
	p.Report.Day, p.Report.Clock = n, since
}

// ordinal is 1st, 2nd, 3rd, 4th ...
func ordinal(n int) string {
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
