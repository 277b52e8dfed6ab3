// Package ship delivers the spool's batches to the collector, and asks it for the agent's
// configuration.
//
// It promises to try for ever what may still succeed, with a growing and jittered pause; to
// send the same bytes on every attempt under a fresh signature; to tell an answer of the
// collector from that of anything in between; and to settle a batch only on an acknowledgement
// that names it, or on the collector's word that it will never take it. It refuses redirects,
// unbounded answers, and any say in what is probed.
package ship
