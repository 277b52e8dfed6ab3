package web

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/nines-monitor/nines/internal/version"
)

const (
	sendDeadline   = 10 * time.Second // to write one event
	heartbeatEvery = 15 * time.Second
)

// overviewPage is the page at /.
type overviewPage struct {
	Title   string
	Name    string // of the snapshot
	Now     int64  // ms
	AsOf    string
	Version string
	Logout  bool
	Assets  assetNames
}

func (s *Site) showOverview(w http.ResponseWriter, r *http.Request) error {
	shot, err := s.board.fresh(r.Context(), s.opts.Now())
	if err != nil {
		return err
	}
	main, err := shot.main()
	if err != nil {
		return err
	}
	page := overviewPage{
		Title: shot.title, Name: shot.name(), Now: shot.at,
		AsOf:    time.UnixMilli(shot.at).UTC().Format("15:04:05"),
		Version: version.String(), Logout: s.guard.token != nil, Assets: assets,
	}
	var head, foot bytes.Buffer
	if err := errors.Join(pages.ExecuteTemplate(&head, "overview-head", page), pages.ExecuteTemplate(&foot, "overview-foot", page)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(head.Len()+len(main)+foot.Len()))
	for _, piece := range [][]byte{head.Bytes(), main, foot.Bytes()} {
		w.Write(piece)
	}
	return nil
}

// streamEvents sends the overview's updates as server-sent events until the reader or the
// collector leaves. It starts from the snapshot that the reader names.
func (s *Site) streamEvents(w http.ResponseWriter, r *http.Request) error {
	if err := s.board.enter(); err != nil {
		return err
	}
	defer s.board.leave()
	had := r.Header.Get("Last-Event-ID") // of a browser that comes back by itself
	if had == "" {
		had = r.URL.Query().Get("since")
	}
	shot, err := s.board.fresh(r.Context(), s.opts.Now())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := stream{w, http.NewResponseController(w)}
	// The server's time to read a request is not the time that a page may stay open.
	if err := out.ctrl.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	for {
		event, err := shot.event(had)
		if err != nil {
			s.opts.Log.Error("overview not rendered", "error", err)
			return nil // the stream has begun: there is no status left to give
		}
		if out.send(event) != nil {
			return nil // the reader left
		}
		had = shot.name()
		if shot = s.waitForOther(r, out, heartbeat.C, shot); shot == nil {
			return nil
		}
	}
}

// waitForOther waits for a snapshot other than shot, and keeps the connection alive meanwhile.
// Nil: the reader or the collector left, or the reader may read no more.
func (s *Site) waitForOther(r *http.Request, out stream, heartbeat <-chan time.Time, shot *snapshot) *snapshot {
	for {
		latest, renewed := s.board.next()
		if s.board.isClosed() || s.guard.admit(r) != nil { // a session may have ended meanwhile
			return nil
		}
		if latest != shot {
			return latest
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-renewed:
		case <-heartbeat:
			if out.send([]byte(": still here\n\n")) != nil {
				return nil
			}
		}
	}
}

// stream writes events at once, each by its own deadline.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
}

func (out stream) send(event []byte) error {
	err := out.ctrl.SetWriteDeadline(time.Now().Add(sendDeadline))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := out.w.Write(event); err != nil {
		return err
	}
	return out.ctrl.Flush()
}

// writePage renders a page into a buffer, then writes it.
func writePage(w http.ResponseWriter, status int, name string, page any) error {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, page); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body.Bytes())
	return nil
}
