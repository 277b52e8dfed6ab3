package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nines-monitor/nines/internal/testservers"
)

// up is one run of `nines up`.
func up(t *testing.T, state string, flags ...string) *installation {
	t.Helper()
	pages := freeAddress(t)
	in := &installation{dir: state, pages: "http://" + pages}
	in.collector = start(t, "nines", append([]string{"up", "--state", state, "--listen", pages, "--agents-listen", freeAddress(t)}, flags...)...)
	in.awaitReady(t)
	return in
}

// TestUpShowsWhatIsThere starts everything on a machine without any configuration, stops it,
// and starts it again.
func TestUpShowsWhatIsThere(t *testing.T) {
	state := t.TempDir()
	in := up(t, state)
	before := in.waitAllUp(t, time.Time{})
	if _, ok := before["home.network"]; !ok {
		t.Errorf("services %v: want the default gateway among them", before)
	}
	if out := in.collector.out.String(); !strings.Contains(out, in.pages) || !strings.Contains(out, state) {
		t.Errorf("it does not say where the page and the state are:\n%s", out)
	}
	stopped := time.Now()
	in.collector.stop(t)

	again := up(t, state)
	after := again.waitAllUp(t, stopped)
	if len(after) != len(before) {
		t.Errorf("after the second start: services %v, before: %v", after, before)
	}
	command(t, "nines", "agent", "register", "--state", state, "--client", "home", "--site", "here", "--id", "second",
		"--key", strings.Repeat("A", 43)+"=") // it finds the port that this collector is at
	command(t, "nines", "agent", "revoke", "--state", state, "--client", "home", "--id", "second")
	var l ledgers
	again.get(t, "/api/v1/services/home.nines/ledger", &l)
	if got := l.Ledgers[0]; got.Up == 0 || got.Down != 0 {
		t.Errorf("ledger after the second start: %+v; want what was up before and after, and nothing down", got)
	}
	again.collector.stop(t)
}

// waitAllUp waits until every service is up and was observed after an instant, and gives them.
func (in *installation) waitAllUp(t *testing.T, after time.Time) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	eventually(t, 40*time.Second, "every service to be up", func() bool {
		var s services
		in.get(t, "/api/v1/services", &s)
		for _, one := range s.Services {
			if one.State != "up" || !one.LastObservation.After(after) {
				return false
			}
			found[one.ID] = true
		}
		return len(found) > 0
	})
	return found
}

// TestDemoFillsThePage starts the demonstration and looks at the page. With -update its
// picture becomes the README's.
func TestDemoFillsThePage(t *testing.T) {
	in := up(t, t.TempDir(), "--demo")
	eventually(t, time.Minute, "the history to be filled in", func() bool {
		return strings.Contains(in.collector.out.String(), "results shipped and kept")
	})
	in.waitObserved(t)
	tab := openPage(t, in.pages)
	testservers.WaitFor(t, tab, `document.querySelectorAll("section.client").length === 2`, 20*time.Second)
	for what, expression := range map[string]string{
		"the demonstration is marked":  `document.querySelector("section.client .tag-demo").textContent === "Demo"`,
		"its four services are there":  `document.querySelectorAll("section.client")[0].querySelectorAll("tbody").length >= 4`,
		"a breach is told in words":    `document.body.innerText.includes("Breached")`,
		"nothing lies beyond the edge": `document.documentElement.scrollWidth <= window.innerWidth`,
	} {
		if yes, err := chromedp.Run(tab, chromedp.Evaluate[bool](expression)); err != nil || !yes {
			t.Errorf("%s: %v, %v", what, yes, err)
		}
	}
	picture := testservers.Picture(t, tab, testservers.Window{Width: 1440, Height: 900, Scheme: "light"})
	if *update {
		if err := os.WriteFile(filepath.Join(testservers.Root(t), "docs", "screenshot.png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in.collector.stop(t)
}

// waitObserved waits until every service was observed by a running agent.
func (in *installation) waitObserved(t *testing.T) {
	t.Helper()
	started := time.Now()
	eventually(t, time.Minute, "every service to be observed", func() bool {
		var s services
		in.get(t, "/api/v1/services", &s)
		for _, one := range s.Services {
			if one.LastObservation.Before(started) {
				return false
			}
		}
		return len(s.Services) > 0
	})
}

// TestPageShowsAChangeWithoutReload breaks a target while someone looks at the page.
func TestPageShowsAChangeWithoutReload(t *testing.T) {
	g := newTarget(t)
	in := install(t, layout{target: g.URL})
	in.waitFor(t, "up", time.Now().Add(-time.Second))
	tab := openPage(t, in.pages)
	if _, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.notReloaded = true`)); err != nil {
		t.Fatal(err)
	}
	testservers.WaitFor(t, tab, `document.querySelector("h1").innerText.includes("up")`, 10*time.Second)
	g.fail()
	testservers.WaitFor(t, tab, `document.querySelector("h1").innerText.includes("down")`, 20*time.Second)
	testservers.WaitFor(t, tab, `document.body.innerText.includes("Breached")`, 20*time.Second)
	g.mend()
	testservers.WaitFor(t, tab, `document.querySelector("h1").innerText.includes("up")`, 20*time.Second)
	if same, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.notReloaded === true`)); err != nil || !same {
		t.Errorf("the page was reloaded: %v, %v", same, err)
	}
}

// openPage opens an address in a browser of its own, and waits until the page is live.
func openPage(t *testing.T, url string) context.Context {
	t.Helper()
	tab := testservers.Chromium(t)
	testservers.Look(t, tab, testservers.Window{Width: 1440, Height: 900, Scheme: "light"})
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	testservers.WaitFor(t, tab, `document.body.dataset.live === "live"`, 20*time.Second)
	return tab
}
