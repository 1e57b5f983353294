package attest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/mod/semver"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// cosignCLI is the real cosign in a home of its own, without Sigstore's public
// instance: the trusted root it is given is empty, and the key is all it trusts.
type cosignCLI struct {
	program, home string
	// leaks says that it cannot read more than four bundles in one run.
	leaks bool
}

func newCosign(t *testing.T) *cosignCLI {
	t.Helper()
	c := &cosignCLI{program: need(t, "SCAN_BUILD_COSIGN", "cosign"), home: t.TempDir()}
	c.leaks = leaksPulls(t, c.program)
	if out, err := c.run(t, "trusted-root", "create", "--out", "trusted_root.json"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// leaksPulls recognises a cosign that was linked with a newer
// go-containerregistry than its own: it never closes the bundles it reads, and
// since v0.21 four open blobs are the limit, after which it waits for ever. That
// happens to a cosign built as a tool of another module. Finding out whether there
// are bundles reads them all once, verifying them once more, so that it is left
// with --new-bundle-format and four bundles.
func leaksPulls(t *testing.T, program string) bool {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Logf("cannot tell how %s was built: %v", program, err)
		return false
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/google/go-containerregistry" && semver.Compare(dep.Version, "v0.21.0") >= 0 {
			t.Logf("%s is linked with go-containerregistry %s and hangs on more than four bundles: always using --new-bundle-format", program, dep.Version)
			return true
		}
	}
	return false
}

func (c *cosignCLI) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("cosign did not finish"))
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program, args...)
	cmd.Dir = c.home
	cmd.Env = []string{"HOME=" + c.home, "PATH=" + os.Getenv("PATH"), "COSIGN_PASSWORD=" + testPassword}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String() + stderr.String(), err
	}
	return stdout.String(), nil
}

// keyPair makes a key pair with cosign itself.
func (c *cosignCLI) keyPair(t *testing.T) pair {
	t.Helper()
	if out, err := c.run(t, "generate-key-pair"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var p pair
	var err error
	if p.private, err = os.ReadFile(filepath.Join(c.home, "cosign.key")); err != nil {
		t.Fatal(err)
	}
	if p.public, err = os.ReadFile(filepath.Join(c.home, "cosign.pub")); err != nil {
		t.Fatal(err)
	}
	if p.signer, err = NewKeySigner(p.private, password(testPassword)); err != nil {
		t.Fatal(err)
	}
	if p.verifier, err = LoadPublicKey(p.public); err != nil {
		t.Fatal(err)
	}
	return p
}

// verify runs the command that the README shows and returns the statements that
// cosign accepted.
func (c *cosignCLI) verify(t *testing.T, image, predicateType string, extra ...string) ([]Statement, error) {
	t.Helper()
	args := append([]string{"verify-attestation", "--key", "cosign.pub", "--type", predicateType,
		"--trusted-root", "trusted_root.json", "--private-infrastructure"}, extra...)
	if c.leaks {
		args = append(args, "--new-bundle-format")
	}
	out, err := c.run(t, append(args, image)...)
	if err != nil {
		t.Logf("cosign: %s", out)
		return nil, err
	}
	var statements []Statement
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var envelope struct{ Payload string }
		if err := json.Unmarshal([]byte(line), &envelope); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		raw, err := base64.StdEncoding.DecodeString(envelope.Payload)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseStatement(raw)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, *s)
	}
	return statements, nil
}

func TestCosignVerifiesWhatWeSign(t *testing.T) {
	cosign := newCosign(t)
	key := cosign.keyPair(t)
	eachRegistry(t, func(t *testing.T, host string) {
		image := pushImage(t, host+"/app", testReport("linux/amd64", scan.SeverityLow), testReport("linux/arm64"))
		signed := signImage(t, image, key)
		subjects := map[string]bool{}
		for _, b := range signed.Bundles {
			subjects[b.Subject] = true
		}
		if len(subjects) != 3 {
			t.Fatalf("signed for %d subjects, want the index and two platforms", len(subjects))
		}
		repo, indexDigest, _ := strings.Cut(image, "@")
		for s := range subjects {
			for _, predicateType := range []string{"vuln", predicate.TypeCosignVuln, predicate.TypeVulns, predicate.TypeReport, "spdxjson"} {
				if predicateType == "spdxjson" && s == indexDigest {
					continue
				}
				statements, err := cosign.verify(t, repo+"@"+s, predicateType)
				if err != nil {
					t.Errorf("%s of %s: %v", predicateType, s, err)
				} else if len(statements) != 1 {
					t.Errorf("%s of %s: %d statements, want 1", predicateType, s, len(statements))
				}
			}
		}
		for _, flag := range []string{"--new-bundle-format", "--insecure-ignore-tlog", "--offline"} {
			if _, err := cosign.verify(t, host+"/app:latest", "vuln", flag); err != nil {
				t.Errorf("with %s: %v", flag, err)
			}
		}
	})
}

func TestCosignVulnPredicateSatisfiesRegoPolicy(t *testing.T) {
	cosign := newCosign(t)
	key := cosign.keyPair(t)
	host := startReferrersRegistry(t)
	image := pushImage(t, host+"/app", testReport("linux/amd64", scan.SeverityLow))
	signImage(t, image, key)
	for _, tt := range []struct {
		severity string
		ok       bool
	}{{"critical", true}, {"low", false}} {
		policy := `package signature
import rego.v1
default allow := false
allow if {
	input.predicate.scanner.result.counts.` + tt.severity + ` == 0
	time.parse_rfc3339_ns(input.predicate.scanner.db.lastUpdate) > 0
	input.predicate.metadata.scanFinishedOn > input.predicate.metadata.scanStartedOn
}
`
		if err := os.WriteFile(filepath.Join(cosign.home, "policy.rego"), []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cosign.verify(t, image, predicate.TypeCosignVuln, "--policy", "policy.rego"); (err == nil) != tt.ok {
			t.Errorf("no %s findings: %v", tt.severity, err)
		}
	}
}

func TestCosignRejectsWhatItShould(t *testing.T) {
	cosign := newCosign(t)
	cosign.keyPair(t)
	host := startReferrersRegistry(t)
	image := pushImage(t, host+"/app", testReport("linux/amd64"))
	if _, err := cosign.verify(t, image, "vuln"); err == nil {
		t.Error("cosign accepted an unsigned image")
	}
	signImage(t, image, newPair(t))
	if _, err := cosign.verify(t, image, "vuln"); err == nil {
		t.Error("cosign accepted a foreign key")
	}
}

// A report that cosign itself attested is as good as one that Sign wrote.
func TestReportAttestedByCosignIsVerified(t *testing.T) {
	cosign := newCosign(t)
	key := cosign.keyPair(t)
	eachRegistry(t, func(t *testing.T, host string) {
		report := testReport("linux/amd64")
		image := pushImage(t, host+"/app", report)
		img, err := FromImage(t.Context(), image, Registry{})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cosign.home, "report.json"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, digest := range []string{img.Reference.DigestStr(), img.Platforms[0].Digest.String()} {
			out, err := cosign.run(t, "attest", "--key", "cosign.key", "--type", predicate.TypeReport, "--predicate", "report.json",
				"--new-bundle-format", "--tlog-upload=false", "--yes", img.Reference.Context().Digest(digest).String())
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		if _, err := verifyAt(t, image, key); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryKindOfKeyThatCosignImportsWorks(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cosign := newCosign(t)
	host := startReferrersRegistry(t)
	for name, key := range map[string]pair{"rsa": pairOf(t, rsaKey, rsaKey.Public()), "ed25519": pairOf(t, edKey, edPublic)} {
		t.Run(name, func(t *testing.T) {
			image := pushImage(t, host+"/"+name, testReport("linux/amd64"))
			signImage(t, image, key)
			if _, err := verifyAt(t, image, key); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(cosign.home, "cosign.pub"), key.public, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := cosign.verify(t, image, "vuln"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Timestamps in predicates are the scan's.
func TestSignedPredicateHasTheScansTimes(t *testing.T) {
	cosign := newCosign(t)
	key := cosign.keyPair(t)
	image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"))
	signImage(t, image, key)
	statements, err := cosign.verify(t, image, predicate.TypeCosignVuln)
	if err != nil {
		t.Fatal(err)
	}
	var p predicate.Cosign
	if err := json.Unmarshal(statements[0].Predicate, &p); err != nil {
		t.Fatal(err)
	}
	if !p.Metadata.ScanFinishedOn.Equal(now.Add(-time.Hour)) || !p.Scanner.DB.LastUpdate.Equal(now.Add(-24*time.Hour)) {
		t.Errorf("got %+v, %+v", p.Metadata, p.Scanner.DB)
	}
}
