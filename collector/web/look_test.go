package web

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nines-monitor/nines/internal/testservers"
)

var look = flag.String("look", "", "a folder for pictures of the page, to be looked at")

func TestLook(t *testing.T) {
	dir := *look
	if dir == "" {
		dir = t.TempDir()
	}
	tab := testservers.Chromium(t)
	for name, w := range map[string]*world{
		"practice": practice(t), "single": single(t), "many": many(t), "hostile": hostile(t), "nothing": newWorld(t),
	} {
		url := serve(t, w.options())
		for mode, window := range map[string]testservers.Window{
			"light": {Width: 1440, Height: 900, Scheme: "light", Whole: name != "practice"},
			"dark":  {Width: 1440, Height: 900, Scheme: "dark"},
			"phone": {Width: 390, Height: 844, Scheme: "light", Whole: true},
		} {
			testservers.Look(t, tab, window)
			if err := chromedp.Do(tab, chromedp.Navigate(url+"/")); err != nil {
				t.Fatal(err)
			}
			testservers.WaitFor(t, tab, `document.body.dataset.live === "live"`, 5*time.Second)
			testservers.WaitFor(t, tab, `document.documentElement.scrollWidth <= innerWidth`, time.Second)
			png := testservers.Picture(t, tab, window)
			if err := os.WriteFile(filepath.Join(dir, name+"-"+mode+".png"), png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
