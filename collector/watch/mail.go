package watch

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/mail"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/ledger"
	"github.com/nines-monitor/nines/collector/paper"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/words"
	"github.com/nines-monitor/nines/slo"
)

// mostOutages are listed in a mail; the page has them all.
const mostOutages = 5

//go:embed mail.html
var mailSource string

var mailPage = template.Must(paper.Parse("breach mail", mailSource, nil))

// letter is a mail before it is text and HTML.
type letter struct {
	Subject string
	Eyebrow string
	Client  string
	Service string
	Promise string // "99 % in October 2026"
	Lead    string
	Facts   []fact

	Outages []outage // the longest, longest first
	More    int      // outages that are not listed
	Zone    string   // whose clock the outages are told by
}

type fact struct{ Name, Value string }

type outage struct{ From, Length, Reason string }

// compose writes the mails of a change, one for each recipient.
func (f finding) compose(note string, outages []ledger.Outage, to []contract.Contact) ([]store.Message, error) {
	l := f.letter(note, outages)
	var html strings.Builder
	if err := mailPage.Execute(&html, l); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	kind := "breach"
	if isCorrection(note) {
		kind = "correction"
	}
	at := f.now.UnixMilli()
	messages := make([]store.Message, 0, len(to))
	for _, contact := range to {
		messages = append(messages, store.Message{
			Tenant:  f.contract.Client.ID,
			Key:     fmt.Sprintf("%s/%s/%d/%d/%s", kind, f.slo.ID, f.period.Start, at, contact.Email),
			Kind:    kind,
			To:      []string{(&mail.Address{Name: words.Line(contact.Name), Address: contact.Email}).String()},
			Subject: l.Subject, Text: l.text(), HTML: html.String(),
			CreatedAt: at, NextAttempt: at,
		})
	}
	return messages, nil
}

func (f finding) letter(note string, outages []ledger.Outage) letter {
	a, zone := f.answer, f.contract.Client.Zone
	promise := fmt.Sprintf("%s %% in %s", a.Terms.Objective, f.periodName())
	l := letter{Client: words.Line(a.Client.Name), Service: words.Line(a.Service.Name), Promise: promise, Zone: zone.String()}
	what := l.Service + " of " + l.Client
	switch note {
	case noteMoved:
		l.Eyebrow = "Correction"
		l.Subject = fmt.Sprintf("Correction: %s, %s: breach moved", what, promise)
		l.Lead = fmt.Sprintf("The promise of %s for %s is still broken, but from another moment than we told you: data or terms that came later moved it from %s to %s.",
			promise, l.Service, words.Instant(f.before.BreachedAt, zone), words.Instant(a.BreachedAt, zone))
	case noteWithdrawn:
		l.Eyebrow = "Correction"
		l.Subject = fmt.Sprintf("Correction: %s, %s: breach withdrawn", what, promise)
		l.Lead = fmt.Sprintf("We told you that %s had broken its promise of %s. With the data and terms held now, it has not: what arrived or was agreed later changed the account.",
			l.Service, promise)
	default:
		l.Eyebrow = "Breach"
		l.Subject = fmt.Sprintf("Breach: %s, %s", what, promise)
		l.Lead = fmt.Sprintf("%s has been down for longer than its promise of %s allows. No perfect rest of the period can save it.",
			l.Service, promise)
		if f.rolling() {
			l.Lead = fmt.Sprintf("%s has been down for longer than its promise of %s allows.", l.Service, promise)
		}
	}
	l.Facts = f.facts()
	l.list(outages, zone)
	return l
}

func (f finding) facts() []fact {
	a, zone := f.answer, f.contract.Client.Zone
	facts := []fact{
		{"Client", words.Line(a.Client.Name)},
		{"Service", words.Line(a.Service.Name)},
		{"SLO", a.SLO.ID},
		{"Objective", a.Terms.Objective.String() + " %"},
		{"Period", f.periodName() + ", time zone " + zone.String()},
		{"Availability", words.Percent(a.Ledger.Availability)},
		{"Best and worst", words.Percent(a.Ledger.Best) + " and " + words.Percent(a.Ledger.Worst)},
		{"Coverage", words.Percent(a.Ledger.Coverage)},
		{"Error budget", words.Duration(a.Ledger.Budget)},
		{"Consumed", words.Duration(a.Ledger.Consumed)},
	}
	if left := a.Ledger.Remaining; left >= 0 {
		facts = append(facts, fact{"Remaining", words.Duration(left)})
	} else {
		facts = append(facts, fact{"Overspent by", words.Duration(-left)})
	}
	if a.BreachedAt != 0 {
		facts = append(facts, fact{"Breached", words.Instant(a.BreachedAt, zone)})
	}
	return append(facts, fact{"Noticed", words.Instant(f.now.UnixMilli(), zone)})
}

// list takes the longest outages into the letter.
func (l *letter) list(outages []ledger.Outage, zone *time.Location) {
	sorted := slices.Clone(outages)
	slices.SortStableFunc(sorted, func(a, b ledger.Outage) int {
		return cmp.Compare(b.Counted, a.Counted)
	})
	for i, o := range sorted {
		if i == mostOutages {
			l.More = len(sorted) - i
			return
		}
		l.Outages = append(l.Outages, outage{
			From:   words.ShortInstant(o.Start, zone),
			Length: words.Duration(o.Counted),
			Reason: words.Reason(o.Reason.String()),
		})
	}
}

// periodName is the period as people say it: "October 2026", "2026-Q4", "rolling 28d to …".
func (f finding) periodName() string {
	if f.slo.Window.Kind == slo.Month {
		return words.Month(f.answer.Label)
	}
	return f.answer.Label
}

// text is the letter for those who read plain text.
func (l letter) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", l.Lead)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range l.Facts {
		fmt.Fprintf(table, "%s\t%s\n", f.Name, f.Value)
	}
	table.Flush() //nolint:errcheck // a strings.Builder takes everything
	if len(l.Outages) > 0 {
		fmt.Fprintf(&b, "\nThe longest outages (%s)\n", l.Zone)
		for _, o := range l.Outages {
			fmt.Fprintf(table, "%s\t%s\t%s\n", o.From, o.Length, o.Reason)
		}
		table.Flush() //nolint:errcheck // as above
		if l.More > 0 {
			fmt.Fprintf(&b, "and %d more\n", l.More)
		}
	}
	b.WriteString("\nSent by nines. Availability is truncated, never rounded up.\n")
	return b.String()
}
