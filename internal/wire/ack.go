package wire

// The agent's side of the collector's HTTP interface. Requests are signed (see Sign).
const (
	PathConfig  = "/agent/v1/config"  // GET: Config as JSON
	PathBatches = "/agent/v1/batches" // POST: a Batch as Encode gives it; answered with an Ack
)

// What became of a batch.
const (
	Accepted  = "accepted"  // durable now
	Duplicate = "duplicate" // was durable already, byte for byte: as good as accepted
)

// Ack is the collector's answer to a batch that is durable.
type Ack struct {
	Result         string     `json:"result"` // Accepted or Duplicate
	Epoch          uint64     `json:"epoch"`
	Seq            uint64     `json:"seq"`
	Watermark      uint64     `json:"watermark"` // highest contiguous sequence number of the epoch that is durable
	Rejected       []Rejected `json:"rejected,omitempty"`
	CollectorTime  int64      `json:"collector_time"`  // ms since the Unix epoch
	ConfigRevision string     `json:"config_revision"` // of the configuration that the agent should have
}

// Rejected counts the results of one check that were set aside, with the reason. The rest of
// the batch stands.
type Rejected struct {
	Check  string `json:"check"`
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// Problem is the body of every answer that is not a success.
type Problem struct {
	Error         string `json:"error"` // a sentence for a person: what, where, what to do
	CollectorTime int64  `json:"collector_time"`
}
