package collector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nines-monitor/nines/internal/durable"
)

// ownCertYears is how long a certificate lasts that the collector makes for itself: agents
// trust that very certificate, so nothing is gained by a short life.
const ownCertYears = 10

// certificate loads the operator's certificate, or the collector's own, which it makes when
// there is none yet. It also gives the PEM file that agents may trust.
func (c *Config) certificate(now time.Time) (tls.Certificate, string, error) {
	cert, key := c.TLS.Cert, c.TLS.Key
	if cert == "" {
		cert, key = filepath.Join(c.State, "tls", "cert.pem"), filepath.Join(c.State, "tls", "key.pem")
		if _, err := os.Stat(cert); errors.Is(err, fs.ErrNotExist) {
			if err := makeCertificate(cert, key, now); err != nil {
				return tls.Certificate{}, "", fmt.Errorf("make a certificate: %w", err)
			}
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("load the certificate %s: %w", cert, err)
	}
	return pair, cert, nil
}

func makeCertificate(certFile, keyFile string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "nines collector"},
		NotBefore:             now.Add(-24 * time.Hour), // an agent's clock may be behind
		NotAfter:              now.AddDate(ownCertYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true, // so that it can be given to agents as the CA to trust
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           ownAddresses(),
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(certFile), 0o700); err != nil {
		return err
	}
	// The key first: a certificate without its key would never be made again.
	if err := durable.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	return durable.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// ownAddresses lists the addresses that an agent may know this machine by.
func ownAddresses() []net.IP {
	ips := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return ips
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			ips = append(ips, n.IP)
		}
	}
	return ips
}
