// Package watch keeps the state of every SLO in step with the observations: met, at risk,
// breached. Each change is recorded with its moment, together with what is to be told of it.
//
// It promises that a breach is told once, to those contacts who asked for it; that a breach
// which late data moves or withdraws is recorded and told once as a correction; that what was
// recorded and what is told commit together. It refuses arithmetic and sending: the ledger
// answers, the outbox carries.
package watch
