package report

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nines-monitor/nines/collector/contract"
	"github.com/nines-monitor/nines/collector/store"
	"github.com/nines-monitor/nines/collector/words"
)

// mostBody is how long (bytes) the page in a mail may be. Some mailboxes cut a longer one short.
const mostBody = 100_000

// Messages are the mails of a report, one for each recipient: the page, its essence as plain
// text, and both forms of the report attached. When the page is too long for a mailbox, the
// mail shows its summary alone. They go to the contacts that the contract's report names; when
// it names none, to those who get "report". Without recipients there are none.
func (r *Report) Messages(c *contract.Contract) ([]store.Message, error) {
	html, err := r.HTML()
	if err != nil {
		return nil, err
	}
	data, err := r.JSON()
	if err != nil {
		return nil, err
	}
	body := html
	if len(body) > mostBody {
		if body, err = r.html(true); err != nil {
			return nil, err
		}
	}
	subject, text := r.Subject(), r.Text()
	var messages []store.Message
	for _, contact := range recipients(c) {
		messages = append(messages, store.Message{
			Tenant:  r.Client.ID,
			Key:     fmt.Sprintf("report/%s/%d/%s", r.Month, r.GeneratedAt, contact.Email),
			Kind:    "report",
			To:      []string{(&mail.Address{Name: words.Line(contact.Name), Address: contact.Email}).String()},
			Subject: subject,
			Text:    text,
			HTML:    string(body),
			Files: []store.File{
				{Name: r.file(".json"), Type: "application/json", Data: data},
				{Name: r.file(".html"), Type: "text/html", Data: html},
			},
			CreatedAt: r.GeneratedAt, NextAttempt: r.GeneratedAt,
		})
	}
	return messages, nil
}

func recipients(c *contract.Contract) []contract.Contact {
	var to []contract.Contact
	for _, contact := range c.Contacts {
		named := c.Report != nil && slices.Contains(c.Report.To, contact.ID)
		nobody := c.Report == nil || len(c.Report.To) == 0
		if named || nobody && slices.Contains(contact.Gets, "report") {
			to = append(to, contact)
		}
	}
	return to
}

// Subject is the report's as a mail: one line, whatever the client is called.
func (r *Report) Subject() string {
	subject := words.Line(r.Client.Name) + ": availability in " + words.Month(r.Month)
	if r.Preliminary {
		subject += ", preliminary"
	}
	if r.Demo {
		subject = "DEMO: " + subject
	}
	return subject
}

// Text is the report's essence as plain text.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nAvailability in %s, time zone %s\n\n", words.Line(r.Client.Name), words.Month(r.Month), r.Client.TimeZone)
	if r.Demo {
		b.WriteString("DEMO: every number in this report is made up.\n\n")
	}
	if r.Preliminary {
		fmt.Fprintf(&b, "Preliminary: the month is not over. As of %s.\n\n", words.Instant(r.GeneratedAt, r.zone))
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Service\tObjective\tAvailability\tBudget left\tVerdict")
	for _, s := range r.Services {
		name := words.Line(s.Name)
		if len(s.SLOs) == 0 {
			fmt.Fprintf(table, "%s\t\tnothing is promised\t\t\n", name)
		}
		for _, o := range s.SLOs {
			objective := o.Objective + " %"
			if o.otherWindow() { // all of the row is of that window
				objective += " in " + words.Month(o.Promise.Label)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", name, objective, percent(o.Promise.Availability),
				words.Duration(o.Promise.Remaining), o.Promise.verdict().Word)
		}
	}
	table.Flush() //nolint:errcheck // a strings.Builder takes everything
	for _, s := range r.Services {
		for _, o := range s.SLOs {
			r.textOutages(&b, s.Name, o)
		}
	}
	b.WriteString("\nThe whole report is attached as a page (HTML); exact milliseconds are in the attached JSON.\n")
	return b.String()
}

const mostTextOutages = 10

func (r *Report) textOutages(b *strings.Builder, service string, o SLO) {
	if len(o.Outages) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s, %s: %s\n", words.Line(service), o.ID, words.Count(len(o.Outages), "outage"))
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, out := range longest(o.Outages, mostTextOutages) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", words.ShortInstant(out.Start, r.zone), words.Duration(out.Counted), words.Reason(out.Reason))
	}
	table.Flush() //nolint:errcheck // a strings.Builder takes everything
	if more := len(o.Outages) - mostTextOutages; more > 0 {
		fmt.Fprintf(b, "and %d shorter ones\n", more)
	}
}
