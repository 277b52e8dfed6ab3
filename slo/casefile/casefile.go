// Package casefile reads and answers cases: JSON documents that hold one question of package
// slo in full (docs/measurement.md, section 5), so that anyone can check any number by hand.
//
// It promises that nothing is guessed: a field that is unknown, repeated, missing or wrong is
// an error that names it. It does no I/O and its work is bounded by the size of its input and
// by MaxObservations.
package casefile

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/nines-monitor/nines/slo"
)

// Eval reads one case, or an array of cases, and returns the result, or an array of results
// in the same order, as indented JSON.
func Eval(data []byte) ([]byte, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	if root.kind != array {
		r, err := answer(root)
		if err != nil {
			return nil, err
		}
		return write(r)
	}
	results := make([]result, 0, len(root.items))
	for _, item := range root.items {
		r, err := answer(item)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return write(results)
}

func answer(v value) (result, error) {
	name, in, err := decodeCase(v)
	if err != nil {
		return result{}, err
	}
	ledger, err := slo.Evaluate(in)
	if err != nil {
		return result{}, v.within(err)
	}
	return newResult(name, ledger), nil
}

func write(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write result: %w", err)
	}
	return out.Bytes(), nil
}
