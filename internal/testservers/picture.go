package testservers

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Window is how a page is looked at.
type Window struct {
	Width, Height int64  // CSS pixels
	Scheme        string // "light" or "dark"
	Whole         bool   // down to the end of the page, however long
}

// Look sets the tab's window, until it is set again.
func Look(t testing.TB, tab context.Context, w Window) {
	t.Helper()
	scheme := emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: w.Scheme}},
	}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, scheme); err != nil {
		t.Fatalf("emulate %s: %v", w.Scheme, err)
	}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(w.Width, w.Height)); err != nil {
		t.Fatalf("emulate %d by %d: %v", w.Width, w.Height, err)
	}
}

// Picture gives what the tab shows in such a window, as PNG.
func Picture(t testing.TB, tab context.Context, w Window) []byte {
	t.Helper()
	Look(t, tab, w)
	shoot := chromedp.CaptureScreenshot()
	if w.Whole {
		shoot = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(tab, shoot)
	if err != nil {
		t.Fatalf("picture: %v", err)
	}
	return png
}
