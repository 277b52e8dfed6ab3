package contract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nines-monitor/nines/collector/contract"
)

// desk is a book over a directory, and a clock that runs ahead with every tick, by a minute
// unless a test says otherwise, so that every file has settled.
type desk struct {
	*testing.T
	dir     string
	book    *contract.Book
	now     time.Time
	step    time.Duration
	changes []string
	refuse  error // what OnChange answers
}

func newDesk(t *testing.T, accepted ...contract.Source) *desk {
	d := &desk{T: t, dir: t.TempDir(), now: time.Now().Add(time.Minute), step: time.Minute}
	d.open(accepted...)
	return d
}

func (d *desk) open(accepted ...contract.Source) {
	d.Helper()
	book, err := contract.OpenBook(contract.Options{Dir: d.dir, Accepted: accepted, OnChange: d.changed})
	if err != nil {
		d.Fatalf("OpenBook: %v", err)
	}
	d.book, d.changes = book, nil
}

func (d *desk) changed(_ context.Context, c contract.Change) error {
	if d.refuse != nil {
		return d.refuse
	}
	what := "retired"
	if c.Contract != nil {
		what = c.Contract.Client.Name
	}
	d.changes = append(d.changes, c.Client+" "+what)
	return nil
}

// tick runs the book and compares what is in force then, as "client name, ...".
func (d *desk) tick(want string) bool {
	d.Helper()
	d.now = d.now.Add(d.step)
	changed := d.book.Tick(d.Context(), d.now)
	var got []string
	for _, c := range d.book.Contracts() {
		got = append(got, c.Client.ID+" "+c.Client.Name)
	}
	if have := strings.Join(got, ", "); have != want {
		d.Errorf("Contracts after a tick: got %q, want %q; problems:\n%v", have, want, d.book.Problems())
	}
	return changed
}

// problems compares what is wrong, which must have each of the texts in a line of its own.
func (d *desk) problems(want ...string) {
	d.Helper()
	got := d.book.Problems()
	if len(got) != len(want) {
		d.Errorf("Problems: got %d, want %d:\n%v", len(got), len(want), got)
		return
	}
	for i, w := range want {
		if !strings.Contains(got[i].String(), w) {
			d.Errorf("Problems[%d]: got %q, want %q in it", i, got[i], w)
		}
	}
}

func (d *desk) put(name, text string) { d.Helper(); write(d.T, d.dir, name, text) }

func (d *desk) remove(name string) {
	d.Helper()
	if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
		d.Fatal(err)
	}
}

func called(client, name string) string {
	return strings.Replace(minimal(client), `"Client"`, fmt.Sprintf("%q", name), 1)
}

const broken = "effective = "

func TestBookPutsFilesInForce(t *testing.T) {
	d := newDesk(t)
	d.put("b.toml", called("b", "Bee"))
	d.put("a.toml", called("a", "Ay"))
	d.put("notes.txt", broken)
	d.put(".hidden.toml", broken)
	d.put("#a.toml#", broken)
	d.put("a.toml~", broken)
	if err := os.Mkdir(filepath.Join(d.dir, "directory.toml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !d.tick("a Ay, b Bee") {
		t.Error("Tick: got false, want true: contracts came into force")
	}
	d.problems()
	if d.tick("a Ay, b Bee") {
		t.Error("Tick: got true, want false: nothing has changed")
	}
	d.put("a.toml", called("a", "Aye"))
	d.tick("a Aye, b Bee")
	if want := []string{"a Ay", "b Bee", "a Aye"}; !slices.Equal(d.changes, want) {
		t.Errorf("changes: got %q, want %q", d.changes, want)
	}
	c, ok := d.book.Contract("a")
	if !ok || string(c.Source.Text) != called("a", "Aye") || c.Source.File != filepath.Join(d.dir, "a.toml") {
		t.Errorf("Contract(a): got %+v, %v", c.Source, ok)
	}
}

func TestBookKeepsTheLastAcceptedOfABrokenFile(t *testing.T) {
	for name, text := range map[string]string{
		"wrong syntax":        broken,
		"an empty file":       "",
		"a rule broken":       strings.Replace(called("a", "New"), `site = "hq"`, `site = "x"`, 1),
		"an id that is none":  strings.Replace(called("a", "New"), `id = "a"`, `id = "A B"`, 1),
		"another's id, wrong": strings.Replace(called("z", "New"), `site = "hq"`, `site = "x"`, 1),
		"far too long":        strings.Repeat("# padding\n", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.put("a.toml", called("a", "Ay"))
			d.put("b.toml", called("b", "Bee"))
			d.tick("a Ay, b Bee")
			d.put("a.toml", text)
			if !d.tick("a Ay, b Bee") {
				t.Error("Tick: got false, want true: there is a problem now")
			}
			d.tick("a Ay, b Bee")
			all := d.book.Problems().Error()
			if want := ` (not accepted: the contract of "a" that was accepted before stays in force)`; strings.Count(all, want) != 1 {
				t.Errorf("Problems: got\n%s\nwant once in it %s", all, want)
			}
			d.put("a.toml", called("a", "Mended"))
			d.tick("a Mended, b Bee")
			d.problems()
		})
	}
}

// A file has as many problems as mistakes, and one word of what follows.
func TestBookCountsMistakesOnce(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.put("b.toml", called("b", "Bee"))
	d.tick("a Ay, b Bee")
	d.put("a.toml", strings.NewReplacer(`site = "hq"`, `site = "x"`, `"Europe/Berlin"`, `"Mars"`).Replace(called("a", "New")))
	d.put("b.toml", strings.Replace(called("b", "New"), `site = "hq"`, `site = "x"`, 1))
	for range 2 {
		d.tick("a Ay, b Bee")
		d.problems(
			`a.toml:5: client.time_zone: "Mars": no such time zone: want an IANA name, such as "Europe/Berlin" (not accepted: the contract of "a" that`,
			`a.toml:11: check[0].site: "x": no such site in this contract`,
			`b.toml:11: check[0].site: "x": no such site in this contract (not accepted: the contract of "b" that was accepted before stays in force)`,
		)
	}
}

func TestBookSurvivesARestartOverABrokenFile(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	a, _ := d.book.Contract("a")
	d.put("a.toml", broken)
	d.put("b.toml", called("b", "Bee"))

	d.open(a.Source)
	d.tick("a Ay, b Bee")
	d.problems("a.toml:1: syntax")

	// Without its stored text, nothing of the client is in force, and that is said.
	d.open()
	d.tick("b Bee")
	d.problems("(not accepted: it cannot be told whose contract it is)")
}

func TestBookSaysThatAStoredContractIsOutdated(t *testing.T) {
	d := newDesk(t, contract.Source{File: "/elsewhere/a.toml", Text: []byte("[client]\nid = 'a'\nstars = 5\n")})
	d.put("a.toml", broken)
	d.put("b.toml", called("b", "Bee"))
	d.tick("b Bee")
	if all := d.book.Problems().Error(); !strings.Contains(all, "a.toml: the contract that was stored for this file is not right by the rules of this version: ") {
		t.Errorf("Problems: got\n%s", all)
	}
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay, b Bee")
	d.problems()
}

func TestBookRefusesTwoContractsOfOneClient(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	d.put("copy.toml", called("a", "Copy"))
	d.tick("a Ay")
	d.problems(`a.toml: client "a" has more than one contract, in ` + filepath.Join(d.dir, "a.toml") + " and " + filepath.Join(d.dir, "copy.toml"))
	d.remove("a.toml")
	d.tick("a Copy")
	d.problems()
}

func TestBookRetiresTheClientOfADeletedFile(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.put("b.toml", called("b", "Bee"))
	d.tick("a Ay, b Bee")
	d.remove("a.toml")
	d.step = time.Second
	for range 5 {
		d.tick("a Ay, b Bee") // it may be on its way back
	}
	d.tick("b Bee")
	if last := d.changes[len(d.changes)-1]; last != "a retired" {
		t.Errorf("last change: got %q, want %q", last, "a retired")
	}
	d.put("a.toml", called("a", "Again"))
	d.tick("a Again, b Bee")

	// A file that is away for a moment is not remembered as gone.
	for range 3 {
		d.remove("a.toml")
		d.tick("a Again, b Bee")
		d.put("a.toml", called("a", "Again"))
		d.tick("a Again, b Bee")
	}
}

func TestBookFollowsARenamedFile(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	if err := os.Rename(filepath.Join(d.dir, "a.toml"), filepath.Join(d.dir, "z.toml")); err != nil {
		t.Fatal(err)
	}
	d.tick("a Ay")
	d.tick("a Ay")
	if c, _ := d.book.Contract("a"); filepath.Base(c.Source.File) != "z.toml" {
		t.Errorf("file in force: got %s, want z.toml", c.Source.File)
	}
}

func TestBookRetiresNobodyWhileAFileCouldBeAnyones(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	d.remove("a.toml")
	d.put("renamed.toml", broken)
	for range 3 {
		d.tick("a Ay")
	}
	d.problems("renamed.toml:1: syntax")
}

func TestBookRetiresNobodyWhenTheDirectoryIsEmptyOrGone(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	a, _ := d.book.Contract("a")
	d.remove("a.toml")
	d.tick("a Ay")
	d.tick("a Ay")
	d.problems("there is no *.toml in it: the contracts in force stay so until there is one")

	d.open(a.Source)
	d.tick("a Ay")
	if err := os.Remove(d.dir); err != nil {
		t.Fatal(err)
	}
	d.tick("a Ay")
	d.problems("the contracts in force stay so: cannot be read: no such file or directory")
	if err := os.Mkdir(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.put("a.toml", called("a", "Back"))
	d.tick("a Back")
	d.problems()
}

func TestBookStartsEmptyWithoutProblems(t *testing.T) {
	d := newDesk(t)
	d.tick("")
	d.problems()
}

func TestBookAsksAgainAfterAChangeWasRefused(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.refuse = errors.New("disk full")
	d.tick("")
	d.problems(`the change of "a" is not in force yet: disk full`)
	d.refuse = nil
	d.tick("a Ay")
	d.problems()
}

func TestBookLeavesAFileAloneThatIsBeingWritten(t *testing.T) {
	d := newDesk(t)
	d.put("a.toml", called("a", "Ay"))
	d.tick("a Ay")
	path := filepath.Join(d.dir, "a.toml")
	d.put("a.toml", broken)
	next := d.now.Add(time.Minute) // when the next tick is
	if err := os.Chtimes(path, next, next.Add(-100*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	d.tick("a Ay")
	d.problems()
	d.tick("a Ay")
	if len(d.book.Problems()) == 0 {
		t.Error("Problems: got none, want the broken file's: it has settled")
	}
}

// A file that changes without another size or time of change is read again if it was read
// too soon after its last change to be certain.
func TestBookSeesAChangeWithinTheClocksGrain(t *testing.T) {
	d := newDesk(t)
	next := d.now.Add(time.Minute)
	d.put("a.toml", called("a", "Ay"))
	path := filepath.Join(d.dir, "a.toml")
	stamp := func() {
		if err := os.Chtimes(path, next, next); err != nil {
			t.Fatal(err)
		}
	}
	stamp()
	d.tick("a Ay") // the first tick reads whatever is there
	d.put("a.toml", called("a", "By"))
	stamp()
	d.tick("a By")
}

func TestBookMayBeReadWhileItTicks(t *testing.T) {
	d := newDesk(t)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					for _, c := range d.book.Contracts() {
						_ = contract.AgentConfig(c, "hq")
					}
					_ = d.book.Problems()
				}
			}
		})
	}
	for i := range 20 {
		d.put("a.toml", called("a", fmt.Sprint(i)))
		d.tick(fmt.Sprintf("a %d", i))
	}
	close(done)
	readers.Wait()
}

func TestOpenBookWantsADirectory(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "a.toml", minimal("a"))
	for path, want := range map[string]string{
		file:                       "open the directory of contracts: " + file + " is a file: name the directory that it is in",
		filepath.Join(dir, "gone"): "open the directory of contracts: stat " + filepath.Join(dir, "gone") + ": no such file or directory",
	} {
		if _, err := contract.OpenBook(contract.Options{Dir: path}); err == nil || err.Error() != want {
			t.Errorf("OpenBook(%s): got %v, want %s", path, err, want)
		}
	}
}
