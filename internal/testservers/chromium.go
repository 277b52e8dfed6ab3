package testservers

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// BrowserDeadline is how long one test may use its browser.
const BrowserDeadline = 3 * time.Minute

// Chromium starts a headless browser of its own for this test, with a fresh profile, and returns the context of its first
// tab: pass it to chromedp.Do and chromedp.Run, and to WaitFor. The window is 1280 by 800, certificates are not checked (nines up signs
// its own), and it asks nobody for updates. Everything ends with the test, or after BrowserDeadline.
func Chromium(t testing.TB) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("testservers: %v: %s", err, remedy)
	}
	ctx, cancel := context.WithTimeout(context.Background(), BrowserDeadline)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.IgnoreCertErrors,
		chromedp.WindowSize(1280, 800),
	)
	allocator, endAllocator := chromedp.NewExecAllocator(ctx, options...)
	tab, endTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(tab); err != nil {
			t.Logf("testservers: close chromium: %v", err)
		}
		endTab()
		endAllocator() // waits for the process
		cancel()
	})
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("testservers: start chromium: %v: %s", err, remedy)
	}
	return tab
}

// WaitFor returns when the JavaScript expression is true in the tab's page, and fails the test when it is not within the
// given time. Unlike chromedp.Poll it may be called right after a navigation, and outlives one.
func WaitFor(t testing.TB, tab context.Context, expression string, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		yes, err := chromedp.Run(tab, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && yes {
			return
		}
		if tab.Err() != nil || time.Now().After(deadline) {
			html, _ := chromedp.Run(tab, chromedp.Evaluate[string]("document.documentElement.outerHTML"))
			t.Fatalf("page: %s is not true after %s (last error: %v):\n%s", expression, within, err, html)
		}
		<-time.After(poll)
	}
}
