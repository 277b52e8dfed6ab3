package web

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The page says everything without its script, and says when to look again.
func TestThePageWorksWithoutScripts(t *testing.T) {
	page := get(New(practice(t).options()), "/").Body.String()
	for _, want := range []string{
		`<noscript><meta http-equiv="refresh" content="15"></noscript>`, "As of 13:05:09 UTC", "1 service is down",
		"connection refused", ">14 min</time>", ">99.9446<", ">worst 99.9415</span> – ", ">best 99.9461</span>", "25 min 12 s left", "on 14 Nov 14:26 CET",
		">9 s</time> ago", "Silent since 23 Nov 13:27 CET", "brenner-hq", "Demo",
		"down for less than 5 min, 30 min, 2 h, and longer: taller than to scale",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("GET / does not hold %q", want)
		}
	}
}

func TestHostileNamesAreTextOnThePage(t *testing.T) {
	page := get(New(hostile(t).options()), "/").Body.String()
	for _, bad := range []string{"<script>alert", "<img", "javascript:", "<b>bold", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("GET / holds %q", bad)
		}
	}
	if inline := regexp.MustCompile(` (style|on[a-z]+)="`).FindString(page); inline != "" {
		t.Errorf("GET / holds%s...: the content security policy refuses it", inline)
	}
	if want := `&lt;script&gt;alert(1)&lt;/script&gt;`; !strings.Contains(page, want) {
		t.Errorf("GET / does not hold %q", want)
	}
}

func TestThePageIsAsItsGoldenFileSays(t *testing.T) {
	site := New(single(t).options())
	shot, err := site.board.fresh(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	got, err := shot.main()
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/overview.html"
	if *rewrite {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the overview of one service =\n%s\nwant\n%s", got, want)
	}
}

// One fault is not a thousand lines.
func TestTheNoticesAreBounded(t *testing.T) {
	w := practice(t)
	for range 500 {
		w.problems = append(w.problems, "a.toml:1: key: wrong")
	}
	page := get(New(w.options()), "/").Body.String()
	if n := strings.Count(page, "a.toml:1"); n != linesShown || !strings.Contains(page, "500 contract problems") {
		t.Errorf("500 problems are %d lines on the page, want %d and their number", n, linesShown)
	}
}
