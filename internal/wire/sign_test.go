package wire

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestVerify(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1_790_000_000_000)
	body := []byte("a batch")
	for name, tc := range map[string]struct {
		spoil func(*http.Request)
		body  []byte
		pub   ed25519.PublicKey
		now   time.Time
		want  error
	}{
		"as signed":                 {nil, body, pub, now, nil},
		"five minutes late":         {nil, body, pub, now.Add(MaxSkew), nil},
		"older than that":           {nil, body, pub, now.Add(MaxSkew + time.Millisecond), ErrStale},
		"from the future":           {nil, body, pub, now.Add(-MaxSkew - time.Millisecond), ErrStale},
		"another body":              {nil, []byte("b batch"), pub, now, ErrSignature},
		"another key":               {nil, body, other, now, ErrSignature},
		"another path":              {func(r *http.Request) { r.URL.Path = PathConfig }, body, pub, now, ErrSignature},
		"another method":            {func(r *http.Request) { r.Method = http.MethodPut }, body, pub, now, ErrSignature},
		"another time":              {func(r *http.Request) { r.Header.Set(HeaderTime, "1790000000001") }, body, pub, now, ErrSignature},
		"another nonce":             {func(r *http.Request) { r.Header.Set(HeaderNonce, strings.Repeat("0", 32)) }, body, pub, now, ErrSignature},
		"no signature":              {func(r *http.Request) { r.Header.Del(HeaderSignature) }, body, pub, now, ErrSignature},
		"no headers at all":         {func(r *http.Request) { r.Header = http.Header{} }, body, pub, now, ErrSignature},
		"another host (by a proxy)": {func(r *http.Request) { r.Host = "proxy.example"; r.URL.Host = "proxy.example" }, body, pub, now, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, "https://collector.example"+PathBatches+"?x=1", nil)
			if err != nil {
				t.Fatal(err)
			}
			Sign(r, body, key, now)
			if tc.spoil != nil {
				tc.spoil(r)
			}
			if got := Verify(r, tc.body, tc.pub, tc.now); !errors.Is(got, tc.want) {
				t.Errorf("Verify = %v, want %v", got, tc.want)
			}
		})
	}
}
