package attest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/pkg/errors"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"
)

func TestSignaturesAreLostWithoutHalfClaims(t *testing.T) {
	key := newPair(t)
	for _, uploads := range []int32{1, 3, 6, 11, 14} {
		registry := startDistribution(t)
		image := pushImage(t, registry.host+"/app", testReport("linux/amd64"), testReport("linux/arm64"))
		var seen atomic.Int32
		// The registry dies between two answers: what it does with a file that it is
		// writing at that moment is its own matter.
		var answering sync.RWMutex
		dying := roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") && seen.Add(1) == uploads {
				answering.Lock()
				err := registry.kill()
				answering.Unlock()
				if err != nil {
					return nil, err
				}
			}
			answering.RLock()
			defer answering.RUnlock()
			return http.DefaultTransport.RoundTrip(req)
		})
		signed, err := SignImage(t.Context(), image, SignOptions{Registry: Registry{Transport: dying}, Signer: key.signer})
		if err == nil || signed != nil {
			t.Fatalf("upload %d: signed %v although the registry died", uploads, signed)
		}
		if seen.Load() < uploads {
			t.Fatalf("upload %d: failed before the registry died: %v", uploads, err)
		}
		if ClassOf(err) != ClassUnable {
			t.Errorf("upload %d: class %v of %v", uploads, ClassOf(err), err)
		}
		if _, err := verifyAt(t, image, key); ClassOf(err) != ClassUnable {
			t.Errorf("upload %d, dead registry: class %v of %v", uploads, ClassOf(err), err)
		}
		registry.start(t)
		if _, err := verifyAt(t, image, key); ClassOf(err) != ClassRejected {
			t.Errorf("upload %d, registry back again: class %v of %v", uploads, ClassOf(err), err)
		}
		signImage(t, image, key)
		if _, err := verifyAt(t, image, key); err != nil {
			t.Errorf("upload %d, signed again: %v", uploads, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestConcurrentSigningLosesNothing(t *testing.T) {
	key := newPair(t)
	eachRegistry(t, func(t *testing.T, host string) {
		image := pushImage(t, host+"/app", testReport("linux/amd64"))
		const writers = 4
		results := make([]*Signed, writers)
		g, ctx := errgroup.WithContext(t.Context())
		for i := range writers {
			g.Go(func() error {
				var err error
				results[i], err = SignImage(ctx, image, SignOptions{Signer: key.signer})
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		f := newForger(t, image)
		for _, s := range []v1.Hash{f.img.index.Digest, f.img.Platforms[0].Digest} {
			list, err := f.repo.referrers(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			listed := map[string]bool{}
			for _, d := range list {
				listed[d.Digest.String()] = true
			}
			for i, r := range results {
				for _, b := range r.Bundles {
					if b.Subject == s.String() && !listed[b.Digest] {
						t.Errorf("writer %d: %s of %s is not listed", i, b.PredicateType, s)
					}
				}
			}
		}
	})
}

// Listings come in pages, here of one entry each.
func TestReferrersAreReadPageByPage(t *testing.T) {
	key := newPair(t)
	inner := startReferrersRegistry(t)
	image := pushImage(t, inner+"/app", testReport("linux/amd64"))
	signImage(t, image, key)
	var pages atomic.Int32
	paged := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil || !strings.Contains(req.URL.Path, "/referrers/") {
			return resp, err
		}
		return onePage(resp, req, &pages)
	})
	o := VerifyOptions{Keys: []PublicKey{key.verifier}, Registry: Registry{Transport: paged}, Now: now}
	if _, err := Verify(t.Context(), image, o); err != nil {
		t.Fatal(err)
	}
	if got := pages.Load(); got < 7 {
		t.Errorf("read %d pages, want one for each of 7 bundles", got)
	}
}

func TestRegistryThatWantsCredentials(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("s3cret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	htpasswd := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(htpasswd, append([]byte("me:"), hash...), 0o600); err != nil {
		t.Fatal(err)
	}
	registry := startDistribution(t, "auth: {htpasswd: {realm: test, path: "+htpasswd+"}}")
	for _, password := range []string{"wrong", "s3cret"} {
		keychain := staticKeychain{authn.FromConfig(authn.AuthConfig{Username: "me", Password: password})}
		_, err := FromImage(t.Context(), registry.host+"/app", Registry{Keychain: keychain})
		if ClassOf(err) != ClassUnable {
			t.Errorf("%s: class %v of %v", password, ClassOf(err), err)
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("error shows the password: %v", err)
		}
		if got := errors.Is(err, errNotFound); got != (password == "s3cret") {
			t.Errorf("%s: got %v", password, err)
		}
	}
}

type staticKeychain struct{ authn.Authenticator }

func (k staticKeychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return k.Authenticator, nil
}

func TestSilentRegistryIsGivenUpOn(t *testing.T) {
	release := make(chan struct{})
	host := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-release:
		case <-req.Context().Done():
		}
	}))
	t.Cleanup(func() { close(release) })
	_, err := Verify(context.Background(), host+"/app", VerifyOptions{
		Keys: []PublicKey{newPair(t).verifier}, Registry: Registry{Timeout: 300 * time.Millisecond},
	})
	if ClassOf(err) != ClassUnable {
		t.Errorf("class %v of %v", ClassOf(err), err)
	}
}
