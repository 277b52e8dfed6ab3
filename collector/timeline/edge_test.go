package timeline

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/nines-monitor/nines/slo"
)

func params() *rapid.Generator[slo.Params] {
	return rapid.Custom(func(r *rapid.T) slo.Params {
		return slo.Params{
			Interval: rapid.Int64().Draw(r, "interval"), StaleAfter: rapid.Int64().Draw(r, "stale"),
			DownAfter: rapid.Int().Draw(r, "down"), UpAfter: rapid.Int().Draw(r, "up"),
		}
	})
}

// TestEdgesComeBack also fails when slo.Carry grows a field that edge.encode does not know:
// rapid fills all there are.
func TestEdgesComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := edge{params: params().Draw(r, "params"), carry: rapid.Make[slo.Carry]().Draw(r, "carry")}
		for range rapid.IntRange(0, 3).Draw(r, "revisions") {
			want.revised = append(want.revised, revision{at: rapid.Int64().Draw(r, "at"), params: params().Draw(r, "params")})
		}
		data := want.encode()
		got, err := decodeEdge(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			r.Fatalf("decode(encode)\n got %+v, %v\nwant %+v", got, err, want)
		}
		if _, err := decodeEdge(data[:rapid.IntRange(0, len(data)-1).Draw(r, "cut")]); err == nil {
			r.Fatal("decode of a cut edge = nil, want an error")
		}
		if _, err := decodeEdge(append(data, 0)); err == nil {
			r.Fatal("decode of an edge with a byte more = nil, want an error")
		}
	})
}
