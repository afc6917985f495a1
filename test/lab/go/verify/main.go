// Says what Go's own verifier, which is the api-server's and the kubelet's, makes of a worker's identity.
//
//	verify FOLDER NAME=IP…   FOLDER/{ca.pem,NAME.pem,NAME-key.pem}; exit code 1 when any is refused
//	verify <identities       one JSON object a line: id, ca, cert, key (PEM; key may be left out), name, ip, now (RFC 3339; default: now)
//
// Either way it prints one JSON object a line, in the order given: for each question null (accepted) or the reason. 10,000s a run.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

type identity struct {
	ID   json.RawMessage `json:"id"`
	CA   string          `json:"ca"`
	Cert string          `json:"cert"`
	Key  string          `json:"key"`
	Name string          `json:"name"`
	IP   string          `json:"ip"`
	Now  string          `json:"now"`
}

type verdict struct {
	ID     json.RawMessage `json:"id"`
	Parse  *string         `json:"parse"`  // the PEM holds a CA and a certificate
	Client *string         `json:"client"` // the api-server takes it as a client certificate
	Node   *string         `json:"node"`   // the Node authorizer takes its subject for this worker
	Server *string         `json:"server"` // a client that dials the kubelet by name or by address takes it
	Pair   *string         `json:"pair"`   // tls.X509KeyPair takes certificate and key (null without a key)
}

func main() {
	if len(os.Args) > 1 {
		os.Exit(judgeFolder(os.Args[1], os.Args[2:]))
	}
	if err := judgeLines(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(2)
	}
}

func judgeFolder(folder string, workers []string) int {
	code := 0
	read := func(name string) string {
		bytes, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			fmt.Fprintln(os.Stderr, "verify:", err)
			os.Exit(2)
		}
		return string(bytes)
	}
	for _, worker := range workers {
		name, ip, _ := strings.Cut(worker, "=")
		id, _ := json.Marshal(name)
		v := judge(identity{ID: id, CA: read("ca.pem"), Cert: read(name + ".pem"), Key: read(name + "-key.pem"), Name: name, IP: ip})
		if v.Parse != nil || v.Client != nil || v.Node != nil || v.Server != nil || v.Pair != nil {
			code = 1
		}
		line, _ := json.Marshal(v)
		fmt.Println(string(line))
	}
	return code
}

// judgeLines keeps the order of the lines: each has a place in the queue before a worker takes it.
func judgeLines(in io.Reader, out io.Writer) error {
	type job struct {
		line    []byte
		verdict chan []byte
	}
	jobs, queue := make(chan job, 256), make(chan job, 256)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for j := range jobs {
				j.verdict <- judgeLine(j.line)
			}
		}()
	}
	failed := make(chan error, 1)
	go func() {
		defer close(queue)
		defer close(jobs)
		reader := bufio.NewReaderSize(in, 1<<20)
		for {
			line, err := reader.ReadBytes('\n')
			if len(strings.TrimSpace(string(line))) > 0 {
				j := job{line, make(chan []byte, 1)}
				jobs <- j
				queue <- j
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- err
				}
				return
			}
		}
	}()
	writer := bufio.NewWriterSize(out, 1<<20)
	for j := range queue {
		if _, err := writer.Write(append(<-j.verdict, '\n')); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return err
	default:
		return writer.Flush()
	}
}

func judgeLine(line []byte) []byte {
	var who identity
	var v verdict
	if err := json.Unmarshal(line, &who); err != nil {
		v = refused(nil, fmt.Errorf("not an identity: %w", err))
	} else {
		v = judge(who)
	}
	bytes, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return bytes
}

func judge(who identity) verdict {
	now := time.Now()
	if who.Now != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, who.Now); err != nil {
			return refused(who.ID, err)
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(who.CA)) {
		return refused(who.ID, errors.New("ca: no certificate in it"))
	}
	leaf, intermediates, err := chain([]byte(who.Cert))
	if err != nil {
		return refused(who.ID, fmt.Errorf("cert: %w", err))
	}
	base := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now}
	v := verdict{ID: who.ID, Client: reason(asClient(leaf, base)), Node: reason(asNode(leaf, who.Name)), Server: reason(asServer(leaf, base, who.Name, who.IP))}
	if who.Key != "" {
		_, err := tls.X509KeyPair([]byte(who.Cert), []byte(who.Key))
		v.Pair = reason(err)
	}
	return v
}

// asClient asks what the api-server's x509 authenticator asks.
func asClient(leaf *x509.Certificate, options x509.VerifyOptions) error {
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err := leaf.Verify(options)
	return err
}

// asServer asks what crypto/tls asks on behalf of a client that dials the kubelet, once by name and once by address.
func asServer(leaf *x509.Certificate, options x509.VerifyOptions, hosts ...string) error {
	for _, host := range hosts {
		options.DNSName = host
		if _, err := leaf.Verify(options); err != nil {
			return err
		}
	}
	return nil
}

// asNode asks what the Node authorizer asks: user system:node:NAME in group system:nodes.
func asNode(leaf *x509.Certificate, name string) error {
	if want := "system:node:" + name; leaf.Subject.CommonName != want {
		return fmt.Errorf("common name %q is not %q", leaf.Subject.CommonName, want)
	}
	if !slices.Contains(leaf.Subject.Organization, "system:nodes") {
		return fmt.Errorf("organizations %q lack system:nodes", leaf.Subject.Organization)
	}
	return nil
}

// chain reads a certificate file as crypto/tls does: the first block is the leaf, the others are intermediates.
func chain(bytes []byte) (*x509.Certificate, *x509.CertPool, error) {
	var leaf *x509.Certificate
	intermediates := x509.NewCertPool()
	for block, rest := pem.Decode(bytes); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, err
		}
		if leaf == nil {
			leaf = certificate
		} else {
			intermediates.AddCert(certificate)
		}
	}
	if leaf == nil {
		return nil, nil, errors.New("no certificate in it")
	}
	return leaf, intermediates, nil
}

func reason(err error) *string {
	if err == nil {
		return nil
	}
	text := err.Error()
	return &text
}

func refused(id json.RawMessage, err error) verdict {
	if id == nil {
		id = json.RawMessage("null")
	}
	text := reason(err)
	return verdict{ID: id, Parse: text, Client: text, Node: text, Server: text, Pair: text}
}
