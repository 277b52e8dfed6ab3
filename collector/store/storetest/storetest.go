// Package storetest is the suite that every engine of the store passes.
//
// It asks for nothing but the promises of package store, on real files.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/nines-monitor/nines/collector/store"
)

// Engine is a store that can be closed and opened again.
type Engine interface {
	store.Store
	Close() error
}

// Open opens the engine whose state is in dir.
type Open func(ctx context.Context, dir string) (Engine, error)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"an agent is registered, replaced, seen and flagged": testAgents,
		"assignments outlive moves and revocation":           testAssignments,
		"a key belongs to one agent":                         testKeyTwice,
		"a quarantined row is kept once, newest first":       testQuarantine,
		"a contract is kept when its text changes":           testRevisions,
		"folds come back as they were put":                   testFolds,
		"spans are replaced where they start":                testReplaceSpans,
		"spans are found by overlap":                         testOverlap,
		"chunks are found by hour":                           testChunks,
		"a fold that cannot be stored leaves nothing":        testFoldsAtomic,
		"the state of an SLO is its latest":                  testSLOStates,
		"transitions are listed newest first":                testTransitions,
		"a report is kept with its message":                  testReports,
		"the outbox hands out what is due until it is done":  testOutbox,
		"nothing is kept once its context has ended":         testEndedContext,
		"tenants do not see each other":                      testTenants,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fixture{T: t, open: open, dir: t.TempDir()}
			f.reopen()
			t.Cleanup(func() { f.ok("Close()", f.Close()) })
			test(t, f)
		})
	}
}

// fixture is an engine and what is often done with it.
type fixture struct {
	*testing.T
	Engine
	open Open
	dir  string
}

// reopen closes the engine, if it is open, and opens it again: what was put must be there.
func (f *fixture) reopen() {
	f.Helper()
	if f.Engine != nil {
		f.ok("Close()", f.Close())
	}
	e, err := f.open(f.T.Context(), f.dir)
	if err != nil {
		f.Fatalf("open(%q) = %v, want an engine", f.dir, err)
	}
	f.Engine = e
}

func (f *fixture) ctx() context.Context { return f.T.Context() }

func (f *fixture) ok(call string, err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%s = %v, want nil", call, err)
	}
}

// same compares what a call has given with what it should.
func same[T any](t *testing.T, call string, got T, err error, want T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v, %v\nwant %+v", call, got, err, want)
	}
}

func missing(t *testing.T, call string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s = %v, want ErrNotFound", call, err)
	}
}
