package paper

import (
	"strings"
	"testing"
)

func TestParseWritesRulesIntoElements(t *testing.T) {
	page, err := Parse("test", `{{define "title"}}{{.}}{{end}}{{define "body"}}<p class="muted strong">{{.}}</p>{{end}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := page.Execute(&b, `<script>alert("x")</script>`); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<p class="muted strong" style="color: #5a6775; font-weight: 650;">&lt;script&gt;`,
		`<title>&lt;script&gt;alert`,
		`@media (prefers-color-scheme: dark)`,
		`@media print`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("page lacks %q:\n%s", want, b.String())
		}
	}
}

func TestParseRefusesAClassWithoutARule(t *testing.T) {
	_, err := Parse("test", `{{define "title"}}{{end}}{{define "body"}}<p class="muted fancy">{{end}}`, nil)
	if err == nil || !strings.Contains(err.Error(), "fancy") {
		t.Errorf("Parse = %v, want an error that names the class fancy", err)
	}
}

func TestDarkModeTurnsOnlyClassesThatExist(t *testing.T) {
	known := make(map[string]bool)
	for _, rule := range rulePattern.FindAllStringSubmatch(rules, -1) {
		known[rule[1]] = true
	}
	for field := range strings.FieldsSeq(media) {
		class := strings.TrimSuffix(field, ",")
		if strings.HasPrefix(class, ".") && !known[class[1:]] {
			t.Errorf("media.css names %s, which paper.css does not have", class)
		}
	}
}
