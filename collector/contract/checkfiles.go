package contract

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nines-monitor/nines/internal/strict"
	"github.com/nines-monitor/nines/slo"
)

// previewed is how many occurrences of a maintenance are shown.
const previewed = 3

// CheckFiles parses each file, and each *.toml of a directory that is named, and writes to out
// either what it says, with warnings and the next occurrences of its maintenance after now, or
// everything that is wrong with it. The error counts the files that are wrong, or names a
// directory without a contract.
func CheckFiles(paths []string, now time.Time, out io.Writer) error {
	files, err := filesOf(paths)
	if err != nil {
		return err
	}
	wrong := 0
	owner := map[string]string{}
	for _, path := range files {
		c, err := checkFile(path, owner)
		if err != nil {
			wrong++
			fmt.Fprintf(out, "%v\n", err)
			continue
		}
		owner[c.Client.ID] = path
		summarise(out, path, c, now)
	}
	if wrong > 0 {
		return fmt.Errorf("%s of %d wrong", plural(wrong, "contract"), len(files))
	}
	return nil
}

// filesOf puts the contracts of a directory in its place, and names no file twice.
func filesOf(paths []string) ([]string, error) {
	var files []string
	named := map[string]bool{}
	for _, path := range paths {
		found := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if found, err = filesIn(path); err != nil {
				return nil, err
			}
		}
		for _, file := range found {
			if !named[filepath.Clean(file)] {
				named[filepath.Clean(file)] = true
				files = append(files, file)
			}
		}
	}
	return files, nil
}

// filesIn lists the contracts of a directory, as the collector would read them.
func filesIn(dir string) ([]string, error) {
	names, err := contractNames(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", dir, unwrapPath(err))
	}
	var files []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: there is no *.toml in it: name a contract, or the directory that contracts are in", dir)
	}
	return files, nil
}

func checkFile(path string, owner map[string]string) (*Contract, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, strict.Problems{{File: path, Text: unwrapPath(err)}}
	}
	c, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	if other, taken := owner[c.Client.ID]; taken {
		return nil, strict.Problems{{File: path, Key: "client.id", Text: fmt.Sprintf("%q has a contract in %s as well: a client has one", c.Client.ID, other)}}
	}
	return c, nil
}

func summarise(out io.Writer, path string, c *Contract, now time.Time) {
	fmt.Fprintf(out, "%s: ok\n", path)
	fmt.Fprintf(out, "  client %s, %q, from %s in %s\n", c.Client.ID, c.Client.Name, c.Effective, c.Client.Zone)
	fmt.Fprintf(out, "  %s at %s, %s, %s\n", plural(len(c.Checks), "check"), plural(len(c.Sites), "site"),
		plural(len(c.Services), "service"), plural(len(c.SLOs), "SLO"))
	for _, m := range c.Maintenance {
		preview(out, m, c.Client.Zone, now)
	}
	for _, w := range c.Warnings {
		place := ""
		if w.Line > 0 {
			place = fmt.Sprintf("line %d: ", w.Line)
		}
		fmt.Fprintf(out, "  warning: %s%s: %s\n", place, w.Key, w.Text)
	}
}

// preview writes the next occurrences of a maintenance on the clock of its zone.
func preview(out io.Writer, m Maintenance, zone *time.Location, now time.Time) {
	if m.Window.Zone != nil {
		zone = m.Window.Zone
	}
	next, err := NextOccurrences(m.Window, now, previewed)
	switch {
	case err != nil:
		fmt.Fprintf(out, "  maintenance %s: %v\n", m.ID, err)
		return
	case len(next) == 0:
		fmt.Fprintf(out, "  maintenance %s: over, no occurrence is to come\n", m.ID)
		return
	}
	fmt.Fprintf(out, "  maintenance %s:\n", m.ID)
	for _, p := range next {
		start, end := time.UnixMilli(p.Start).In(zone), time.UnixMilli(p.End).In(zone)
		line := fmt.Sprintf("%s to %s", start.Format("Mon 2006-01-02 15:04 MST"), end.Format("15:04 MST"))
		if start.YearDay() != end.YearDay() {
			line = fmt.Sprintf("%s to %s", start.Format("Mon 2006-01-02 15:04 MST"), end.Format("Mon 2006-01-02 15:04 MST"))
		}
		if note := clockNote(m.Window, start, end); note != "" {
			line += ": " + note
		}
		fmt.Fprintf(out, "    %s\n", line)
	}
}

// NextOccurrences are the first n occurrences of a maintenance that end after now, looked for
// over eight years.
func NextOccurrences(m slo.Maintenance, now time.Time, n int) ([]slo.Period, error) {
	var next []slo.Period
	from := now.UnixMilli()
	for range 8 {
		to := from + 366*24*time.Hour.Milliseconds()
		found, err := m.Occurrences(slo.Period{Start: from, End: to})
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			isNew := p.End > now.UnixMilli() && (len(next) == 0 || p.Start > next[len(next)-1].Start)
			if isNew {
				next = append(next, p)
			}
			if len(next) == n {
				return next, nil
			}
		}
		from = to
	}
	return next, nil
}

// clockNote says what a change of the clock does to an occurrence, if anything.
func clockNote(m slo.Maintenance, start, end time.Time) string {
	var notes []string
	// A rule that sets the time of day itself may start at other times than start does.
	if setsTime := strings.Contains(m.RRule, "HOUR") || strings.Contains(m.RRule, "MINUTE") || strings.Contains(m.RRule, "SECOND"); m.Zone != nil && !setsTime {
		notes = append(notes, startNote(m.Start.Clock, start))
	}
	_, before := start.Zone()
	_, after := end.Zone()
	if before != after {
		notes = append(notes, fmt.Sprintf("the clock changes during it, it lasts %s all the same", spoken(end.Sub(start))))
	}
	return strings.Trim(strings.Join(notes, "; "), "; ")
}

// startNote says what became of a local start that does not exist or exists twice.
func startNote(wanted time.Duration, start time.Time) string {
	shown := time.Duration(start.Hour())*time.Hour + time.Duration(start.Minute())*time.Minute + time.Duration(start.Second())*time.Second
	if shown != wanted {
		return fmt.Sprintf("the clock skips %s on that day", time.Unix(0, 0).UTC().Add(wanted).Format("15:04"))
	}
	_, offset := start.Zone()
	_, until := start.ZoneBounds()
	if until.IsZero() {
		return ""
	}
	_, later := until.Zone()
	if repeated := time.Duration(offset-later) * time.Second; repeated > 0 && !start.Before(until.Add(-repeated)) {
		return fmt.Sprintf("the clock shows %s twice on that day, this is the first", start.Format("15:04"))
	}
	return ""
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
