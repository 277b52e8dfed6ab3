// Package schedule decides when which check is probed, and gives every outcome its instant.
//
// Checks run on a grid of UTC instants, t = k*interval + phase, that is the same after every
// start. One cursor walks over the sorted schedule with a tick of wire.TickMS; no check has a
// goroutine or a timer of its own. After a first failure a check is probed again quickly, off
// the grid, until its state is confirmed either way.
//
// It promises that a slow target delays no other, that no more than a bounded number of probes
// is in flight, that the instants of a check strictly increase, and that neither a suspended
// host nor a stepped clock causes a burst of probes. It refuses files, networks and judgement:
// what a probe does is the prober's affair, what becomes of an observation its receiver's.
package schedule
