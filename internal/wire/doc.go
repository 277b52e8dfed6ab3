// Package wire is the only vocabulary that agent and collector share: reasons, checks,
// batches, acknowledgements and request signatures.
//
// It promises strict, bounded, versioned encodings that give identical bytes for identical
// values. It stands on internal/varint alone, and knows nothing of how a probe is made, where
// a batch is kept or what a result means for a contract.
package wire
