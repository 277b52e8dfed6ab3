package demo

import (
	"bytes"
	_ "embed"
	"text/template"
	"time"
)

// Client, Site and Agent are the ids of the demonstration.
const (
	Client = "demo"
	Site   = "main-street"
	Agent  = "demo-agent"
)

// History is how far back the demonstration's past reaches.
const History = 60 * day

//go:embed demo.toml.tmpl
var contractText string

var contractTemplate = template.Must(template.New("demo.toml").Parse(contractText))

// Contract is the demonstration's contract, in force since the first day of its history.
func Contract(at Addresses, since time.Time, zone string) ([]byte, error) {
	var b bytes.Buffer
	err := contractTemplate.Execute(&b, struct {
		Addresses
		Client, Site, Since, Zone string
	}{at, Client, Site, since.Format(time.DateOnly), zone})
	return b.Bytes(), err
}
