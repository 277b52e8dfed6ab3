package web

import (
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nines-monitor/nines/internal/testservers"
	"github.com/nines-monitor/nines/internal/wire"
)

var look = flag.String("look", "", "a folder that the browser tests leave pictures of the pages in")

// openPage opens an address in a tab and waits until the page is live.
func openPage(t *testing.T, tab context.Context, url string) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	testservers.WaitFor(t, tab, `document.body.dataset.live === "live"`, 10*time.Second)
}

func evaluate[T any](t *testing.T, tab context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// complaints collects what the browser writes to its console: errors, and anything that the
// content security policy refused. The returned function stops and gives them.
func complaints(t *testing.T, tab context.Context) func() []string {
	t.Helper()
	messages := chromedp.Console(tab)
	return func() []string {
		const last = "that is all"
		evaluate[any](t, tab, `console.log("`+last+`")`)
		return until(messages, last)
	}
}

func until(messages iter.Seq2[chromedp.ConsoleMessage, error], last string) []string {
	var all []string
	for m, err := range messages {
		if err != nil {
			return append(all, err.Error())
		}
		if m.Text == last {
			break
		}
		all = append(all, m.String())
	}
	return all
}

func TestAStateChangeArrivesWithoutReload(t *testing.T) {
	w := practice(t)
	w.started = time.Now()
	url := serve(t, w.options())
	tab := testservers.Chromium(t)
	console := complaints(t, tab)
	openPage(t, tab, url+"/")
	const row = `document.getElementById("service-acme.mail")`
	if got := evaluate[string](t, tab, row+`.className`); got != "service is-up" {
		t.Fatalf("class of the mail service before the change = %q, want %q", got, "service is-up")
	}
	evaluate[any](t, tab, `window.notReloaded = true; document.getElementById("service-acme.mail-mail-availability").focus(); scrollTo(0, 160); window.top0 = document.activeElement.getBoundingClientRect().top`)

	w.change(func() {
		w.up("acme.mail", 55*24*time.Hour, w.outage(2*time.Minute, 24*time.Hour, wire.Refused))
	})
	testservers.WaitFor(t, tab, row+`.className === "service is-down"`, 10*time.Second)

	for what, expression := range map[string]string{
		"the page was not reloaded":          `window.notReloaded === true`,
		"the row says so in words":           row + `.innerText.includes("Down for 2 min · connection refused")`,
		"the summary says so":                `document.querySelector("#summary h1").innerText === "2 services are down"`,
		"the title says so":                  `document.title === "2 services are down · nines"`,
		"a screen reader is told":            `document.getElementById("spoken").textContent === "2 services are down"`,
		"the keyboard's place is kept":       `document.activeElement.id === "service-acme.mail-mail-availability"`,
		"the place on the page is kept":      `Math.abs(document.activeElement.getBoundingClientRect().top - window.top0) < 3`,
		"rows that did not change are as is": `document.getElementById("service-acme.erp").className === "service is-down"`,
	} {
		if !evaluate[bool](t, tab, expression) {
			t.Errorf("%s: %s is false", what, expression)
		}
	}
	if all := console(); len(all) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(all, "\n"))
	}
}

func TestALayoutChangeReplacesThePage(t *testing.T) {
	w := practice(t)
	w.started = time.Now()
	url := serve(t, w.options())
	tab := testservers.Chromium(t)
	openPage(t, tab, url+"/")
	evaluate[any](t, tab, `window.notReloaded = true; document.getElementById("to-service-acme.erp").focus()`)
	w.change(func() { w.contracts = w.contracts[:1] })
	testservers.WaitFor(t, tab, `document.querySelectorAll(".client").length === 1`, 10*time.Second)
	for _, expression := range []string{`window.notReloaded === true`, `document.activeElement.id === "to-service-acme.erp"`} {
		if !evaluate[bool](t, tab, expression) {
			t.Errorf("%s is false", expression)
		}
	}
}

// A page whose collector is gone must not look as if all were well, and must recover by itself.
func TestAStalePageLooksStale(t *testing.T) {
	w := practice(t)
	w.started = time.Now()
	first := startServer(t, w.options(), "127.0.0.1:0")
	tab := testservers.Chromium(t)
	openPage(t, tab, "http://"+first.addr+"/")
	evaluate[any](t, tab, `window.notReloaded = true`)
	first.stop(t)
	testservers.WaitFor(t, tab, `document.body.dataset.live === "stale"`, 20*time.Second)
	keepPicture(t, tab, "stale", testservers.Window{Width: 1440, Height: 900, Scheme: "light"})
	if got := evaluate[string](t, tab, `document.getElementById("live-text").textContent`); !strings.HasPrefix(got, "Reconnecting. Data as of ") {
		t.Errorf("the stale page says %q, want it to begin with %q", got, "Reconnecting. Data as of ")
	}
	second := startServer(t, w.options(), first.addr)
	testservers.WaitFor(t, tab, `document.body.dataset.live === "live"`, 30*time.Second)
	if !evaluate[bool](t, tab, `window.notReloaded === true`) {
		t.Error("the page was reloaded")
	}
	second.stop(t)
}

func TestPagesFitTheirWindows(t *testing.T) {
	tab := testservers.Chromium(t)
	worlds := map[string]*world{
		"practice": practice(t), "single": single(t), "many": many(t), "hostile": hostile(t), "nothing": newWorld(t),
	}
	windows := map[string]testservers.Window{
		"light": {Width: 1440, Height: 900, Scheme: "light"},
		"dark":  {Width: 1440, Height: 900, Scheme: "dark", Whole: true},
		"phone": {Width: 390, Height: 844, Scheme: "light", Whole: true},
		"small": {Width: 1024, Height: 768, Scheme: "light"},
	}
	for name, w := range worlds {
		url := serve(t, w.options())
		console := complaints(t, tab)
		for mode, window := range windows {
			testservers.Look(t, tab, window)
			openPage(t, tab, url+"/")
			if over := evaluate[int](t, tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s in %s: the page is %d px wider than its window", name, mode, over)
			}
			ground := evaluate[string](t, tab, `getComputedStyle(document.body).backgroundColor`)
			if want := map[string]string{"light": "rgb(244, 246, 248)", "dark": "rgb(13, 17, 23)"}[window.Scheme]; ground != want {
				t.Errorf("%s in %s: background %s, want %s", name, mode, ground, want)
			}
			keepPicture(t, tab, name+"-"+mode, window)
		}
		if all := console(); len(all) > 0 {
			t.Errorf("%s: the browser complains:\n%s", name, strings.Join(all, "\n"))
		}
	}
}

// The page counts ages on with its own script: both must say the same.
func TestTheScriptSaysAgesAsTheServerDoes(t *testing.T) {
	w := practice(t)
	tab := testservers.Chromium(t)
	openPage(t, tab, serve(t, w.options())+"/")
	now := evaluate[int64](t, tab, `Number(document.getElementById("main").dataset.now)`)
	const put = `(ms) => { const t = document.createElement("time"); t.className = "age"; t.id = "probe"; t.dateTime = new Date(ms).toISOString(); document.getElementById("probe")?.remove(); document.body.append(t); }`
	for _, ago := range []int64{0, 42 * second, 45 * minute, 91 * minute, 30 * hour, 50 * hour, 400 * dayMS} {
		// Half a unit more keeps the words the same for as long as the test takes.
		want := age(ago + 300)
		evaluate[any](t, tab, `(`+put+`)(Date.parse("`+instant(now-ago)+`"))`)
		if ago < 90*second {
			want = strings.Fields(want)[1] // seconds pass: the unit must be the same
		}
		testservers.WaitFor(t, tab, `document.getElementById("probe").textContent.endsWith("`+want+`")`, 5*time.Second)
	}
}

func TestLoggingInAndOut(t *testing.T) {
	opts := practice(t).options()
	opts.AdminToken = token
	url := serve(t, opts)
	tab := testservers.Chromium(t)
	submit := func(with string) {
		t.Helper()
		evaluate[any](t, tab, `document.getElementById("token").value = "`+with+`"; document.querySelector("form").submit()`)
	}
	if err := chromedp.Do(tab, chromedp.Navigate(url+"/")); err != nil {
		t.Fatal(err)
	}
	testservers.WaitFor(t, tab, `location.pathname === "/login" && document.activeElement.id === "token"`, 5*time.Second)
	keepPicture(t, tab, "login", testservers.Window{Width: 1440, Height: 900, Scheme: "light"})
	submit("a guess")
	testservers.WaitFor(t, tab, `document.getElementById("wrong")?.innerText === "That is not the admin token."`, 5*time.Second)
	keepPicture(t, tab, "login-wrong", testservers.Window{Width: 390, Height: 844, Scheme: "dark"})
	submit(token)
	testservers.WaitFor(t, tab, `location.pathname === "/" && document.body.dataset.live === "live"`, 10*time.Second)
	evaluate[any](t, tab, `document.querySelector(".top button").click()`)
	testservers.WaitFor(t, tab, `location.pathname === "/login"`, 5*time.Second)
	if err := chromedp.Do(tab, chromedp.Navigate(url+"/")); err != nil {
		t.Fatal(err)
	}
	testservers.WaitFor(t, tab, `location.pathname === "/login"`, 5*time.Second)
}

// keepPicture leaves a picture in the folder that -look names, if it names one.
func keepPicture(t *testing.T, tab context.Context, name string, window testservers.Window) {
	t.Helper()
	png := testservers.Picture(t, tab, window)
	if *look == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*look, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
