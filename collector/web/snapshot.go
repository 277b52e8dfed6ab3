package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// snapshot is the overview as of one instant, and what a viewer of an earlier one has to be told.
// It does not change once made, and is safe for concurrent use.
type snapshot struct {
	facts facts
	view  view
	at    int64 // ms
	boot  string
	seq   uint64
	title string

	parts  []part
	layout uint64 // seq at which the set or the order of the parts last changed
	step   []byte // event for viewers of the snapshot before; nil: there is none

	main func() ([]byte, error) // the whole overview, rendered once, when it is first asked for
}

// part is an element of the overview that is replaced by itself.
type part struct {
	id       string
	template string
	model    any
	changed  uint64 // seq at which it last changed
}

// update is what the page's script is sent. Main replaces everything, Parts replace elements by id.
type update struct {
	Seq   string            `json:"seq"`
	Now   int64             `json:"now"` // ms
	Title string            `json:"title,omitempty"`
	Main  string            `json:"main,omitempty"`
	Parts map[string]string `json:"parts,omitempty"`
}

// newSnapshot puts facts in words and finds what differs from the snapshot before, which may be nil.
func newSnapshot(boot string, before *snapshot, f facts) (*snapshot, error) {
	v := newView(f)
	s := &snapshot{facts: f, view: v, at: f.at, boot: boot, seq: 1, title: v.Summary.Title}
	s.main = sync.OnceValues(s.render)
	if before != nil {
		s.seq = before.seq + 1
	}
	s.parts = v.parts()
	s.compare(before)
	if before == nil || s.layout == s.seq {
		return s, nil
	}
	var err error
	s.step, err = s.since(before.seq)
	return s, err
}

func (s *snapshot) render() ([]byte, error) {
	var main bytes.Buffer
	if err := pages.ExecuteTemplate(&main, "main", dated{s.view, s.at}); err != nil {
		return nil, fmt.Errorf("render overview: %w", err)
	}
	return main.Bytes(), nil
}

// compare finds when each part last changed.
func (s *snapshot) compare(before *snapshot) {
	same := before != nil && len(before.parts) == len(s.parts)
	for i := range s.parts {
		s.parts[i].changed = s.seq
		switch {
		case !same || before.parts[i].id != s.parts[i].id:
			same = false
		case reflect.DeepEqual(before.parts[i].model, s.parts[i].model):
			s.parts[i].changed = before.parts[i].changed
		}
	}
	s.layout = s.seq
	if same {
		s.layout = before.layout
	}
}

// parts lists what can change by itself. A client's name and marks are part of the layout: they
// are in the id of a part that is never sent.
func (v view) parts() []part {
	all := []part{
		{id: "summary", template: "summary", model: v.Summary},
		{id: "notices", template: "notices", model: v.Notices},
	}
	for _, c := range v.Clients {
		all = append(all, part{id: fmt.Sprintf("client-%s %q %s %v", c.ID, c.Name, c.Zone, c.Demo)})
		for _, s := range c.Services {
			all = append(all, part{id: s.Part, template: "service", model: s})
		}
	}
	return append(all,
		part{id: "agents", template: "agents", model: v.Agents},
		part{id: "recent", template: "recent", model: v.Recent})
}

// dated is a model together with the instant (ms) as of which ages are told.
type dated struct {
	Model any
	Now   int64
}

// name is what a viewer who has this snapshot calls it.
func (s *snapshot) name() string { return s.boot + "-" + strconv.FormatUint(s.seq, 10) }

// event is what takes a viewer who last had the named snapshot to this one.
func (s *snapshot) event(had string) ([]byte, error) {
	boot, number, _ := strings.Cut(had, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	switch {
	case err != nil || boot != s.boot || seq > s.seq:
		return s.since(0)
	case seq+1 == s.seq && s.step != nil:
		return s.step, nil
	}
	return s.since(seq)
}

// since is the event for a viewer whose snapshot had that seq; 0: for one who has nothing.
func (s *snapshot) since(seq uint64) ([]byte, error) {
	u := update{Seq: s.name(), Now: s.at}
	if seq < s.layout {
		main, err := s.main()
		if err != nil {
			return nil, err
		}
		u.Title, u.Main = s.title, string(main)
	} else if err := s.addParts(&u, seq); err != nil {
		return nil, err
	}
	data, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return fmt.Appendf(nil, "id: %s\ndata: %s\n\n", u.Seq, data), nil
}

func (s *snapshot) addParts(u *update, seq uint64) error {
	for _, p := range s.parts {
		if p.changed <= seq || p.template == "" {
			continue
		}
		var html bytes.Buffer
		if err := pages.ExecuteTemplate(&html, p.template, dated{p.model, s.at}); err != nil {
			return fmt.Errorf("render %s: %w", p.id, err)
		}
		if u.Parts == nil {
			u.Parts = map[string]string{}
		}
		u.Parts[p.id] = html.String()
		u.Title = s.title
	}
	return nil
}
