// Package demo makes a handful of honest targets on loopback that fail at times, and the
// history that an agent would have seen of them.
//
// One plan says when each target is in trouble. The targets follow it from the moment they are
// started, and the history is what probing them would have given by the same plan, shipped
// through the collector's ordinary door. Everything of it belongs to a client that is marked
// as a demonstration.
package demo
