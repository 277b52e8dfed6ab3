// Package slo is the arithmetic of promises: it turns observations into spans, spans into
// a ledger in which every millisecond of a period has exactly one class, and a ledger into
// availability, budget, breach and credit. docs/measurement.md is its specification.
//
// It promises exact answers: instants and durations are integer milliseconds, objectives
// and availabilities are exact fractions, and text is truncated, never rounded up. The same
// input always gives the same output; no function reads a clock, keeps state between calls
// that could be seen, or changes its arguments. Bad input is an error, never a panic, and
// every expansion is bounded.
//
// It refuses I/O, logging, floating point, and to know where data comes from or goes to.
package slo
