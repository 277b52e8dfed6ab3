package ship

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/nines-monitor/nines/agent/spool"
	"github.com/nines-monitor/nines/internal/wire"
)

// errForeign is an answer that no collector gives: something in between has answered.
var errForeign = errors.New("the answer is not a collector's: is there a proxy, a login page or another server at this address?")

// maxProblem bounds what is read of a refusal.
const maxProblem = 16 << 10

// acknowledgement reads the answer to b, and refuses one that is for another batch.
func acknowledgement(resp *http.Response, b spool.Batch) (wire.Ack, error) {
	var ack wire.Ack
	data, err := readBounded(resp.Body, maxAnswer)
	if err != nil {
		return ack, err
	}
	if err := json.Unmarshal(data, &ack); err != nil || ack.Result != wire.Accepted && ack.Result != wire.Duplicate {
		return ack, errForeign
	}
	if ack.Epoch != b.Epoch || ack.Seq != b.Seq {
		return ack, fmt.Errorf("answer is for batch %d of epoch %d, sent was %d of %d", ack.Seq, ack.Epoch, b.Seq, b.Epoch)
	}
	return ack, nil
}

// RefusalError is an answer that is not a success.
type RefusalError struct {
	Status  int
	Problem wire.Problem // zero: the answer is not a collector's
}

func (e *RefusalError) Error() string {
	if !e.genuine() {
		return fmt.Sprintf("status %d: %v", e.Status, errForeign)
	}
	return fmt.Sprintf("collector: status %d: %s", e.Status, e.Problem.Error)
}

// genuine reports whether the answer is the collector's own.
func (e *RefusalError) genuine() bool { return e.Problem.Error != "" && e.Problem.CollectorTime > 0 }

// refusal reads an answer that is not a success.
func refusal(resp *http.Response) *RefusalError {
	e := &RefusalError{Status: resp.StatusCode}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/problem+json" {
		return e
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil || json.Unmarshal(data, &e.Problem) != nil {
		e.Problem = wire.Problem{}
	}
	return e
}

// isFinal reports whether the collector says that it will never take this batch. Whatever
// else goes wrong may come right.
func isFinal(err error) bool {
	var e *RefusalError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return e.genuine()
	}
	return false
}

// outcomeOf names a failure for the count of attempts: its status, or error.
func outcomeOf(err error) string {
	var e *RefusalError
	if errors.As(err, &e) {
		return strconv.Itoa(e.Status)
	}
	return "error"
}
