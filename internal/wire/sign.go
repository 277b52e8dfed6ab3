package wire

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a signed request.
const (
	HeaderKey       = "Nines-Key"       // KeyID of the agent's public key
	HeaderTime      = "Nines-Time"      // ms since the Unix epoch, by the agent's clock
	HeaderNonce     = "Nines-Nonce"     // 128 random bits, hexadecimal
	HeaderSignature = "Nines-Signature" // Ed25519 over signedText, base64
	HeaderAgent     = "Nines-Agent"     // the agent's version, for the agents page; not signed
)

// MaxSkew is how far a request's time may lie from the collector's.
const MaxSkew = 5 * time.Minute

// ErrSignature is returned for a request that is not signed, or not by that key.
var ErrSignature = errors.New("signature does not hold")

// ErrStale is returned for a request whose time is more than MaxSkew from the collector's.
var ErrStale = errors.New("request time is too far from the collector's clock")

// KeyID names a public key: the first 128 bits of its SHA-256, hexadecimal.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:16])
}

// Sign adds the signature headers to r, over its method, path and query, now, a fresh nonce
// and body, which must be the whole body of r. Each attempt is to be signed anew.
func Sign(r *http.Request, body []byte, key ed25519.PrivateKey, now time.Time) {
	var nonce [16]byte
	rand.Read(nonce[:]) //nolint:errcheck // never fails: crypto/rand ends the program instead
	pub, _ := key.Public().(ed25519.PublicKey)
	r.Header.Set(HeaderKey, KeyID(pub))
	r.Header.Set(HeaderTime, strconv.FormatInt(now.UnixMilli(), 10))
	r.Header.Set(HeaderNonce, hex.EncodeToString(nonce[:]))
	r.Header.Set(HeaderSignature, base64.StdEncoding.EncodeToString(ed25519.Sign(key, signedText(r, body))))
}

// Claim is what a request says of itself, before anything of it is proven.
type Claim struct {
	KeyID string
	Time  int64 // ms
	Nonce string
}

// ReadClaim takes the claim from r's headers, so that the key can be looked up.
func ReadClaim(r *http.Request) (Claim, error) {
	at, err := strconv.ParseInt(r.Header.Get(HeaderTime), 10, 64)
	c := Claim{KeyID: r.Header.Get(HeaderKey), Time: at, Nonce: r.Header.Get(HeaderNonce)}
	if err != nil || len(c.KeyID) != 32 || len(c.Nonce) != 32 {
		return Claim{}, fmt.Errorf("%w: key, time or nonce missing", ErrSignature)
	}
	return c, nil
}

// Verify proves that r and its body were signed with the private half of pub within MaxSkew
// of now. Whether the nonce was seen before is for the caller to know.
func Verify(r *http.Request, body []byte, pub ed25519.PublicKey, now time.Time) error {
	c, err := ReadClaim(r)
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(r.Header.Get(HeaderSignature))
	if err != nil || len(pub) != ed25519.PublicKeySize || c.KeyID != KeyID(pub) || !ed25519.Verify(pub, signedText(r, body), sig) {
		return ErrSignature
	}
	if skew := now.Sub(time.UnixMilli(c.Time)); skew > MaxSkew || skew < -MaxSkew {
		return ErrStale
	}
	return nil
}

// signedText is what a signature covers. Host and scheme are left out: a proxy may change them.
func signedText(r *http.Request, body []byte) []byte {
	digest := sha256.Sum256(body)
	return []byte(strings.Join([]string{
		"nines-request-v1", r.Method, r.URL.RequestURI(),
		r.Header.Get(HeaderKey), r.Header.Get(HeaderTime), r.Header.Get(HeaderNonce),
		hex.EncodeToString(digest[:]),
	}, "\n"))
}
