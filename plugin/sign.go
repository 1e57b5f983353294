package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/containerd/console"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/moby/buildkit/util/tracing"
	"github.com/pkg/errors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"

	"github.com/scan-build/scan-build/attest"
)

// passwordEnv is where cosign, too, looks for a private key's password.
const passwordEnv = "COSIGN_PASSWORD"

type signFlags struct {
	sign bool
	key  string
}

// imageSigner signs what a run has pushed. Nil signs nothing.
type imageSigner struct {
	signer *attest.Signer
	env    environment
}

// prepare loads the key before anything is built, so that a wrong password does
// not cost a build.
func (f signFlags) prepare(env environment, pushes bool) (*imageSigner, error) {
	switch {
	case !f.sign && f.key == "":
		return nil, nil
	case !f.sign:
		return nil, errors.New("--key is the key to sign with: add --sign")
	case f.key == "":
		return nil, errors.New("--sign needs --key: the private key that `cosign generate-key-pair` made")
	case !pushes:
		return nil, errors.New("--sign writes signatures beside the image in its registry: add --push")
	}
	signer, err := loadSigner(f.key, env)
	if err != nil {
		return nil, err
	}
	return &imageSigner{signer: signer, env: env}, nil
}

func loadSigner(file string, env environment) (*attest.Signer, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, withCode(exitScanFailed, errors.Wrap(err, "failed to read the signing key"))
	}
	s, err := attest.NewKeySigner(pem, func() ([]byte, error) { return password(file, env) })
	return s, withCode(exitScanFailed, errors.Wrapf(err, "--key %s", file))
}

// password reads a key's password from the environment, or asks for it.
func password(file string, env environment) ([]byte, error) {
	if v, ok := env.lookup(passwordEnv); ok {
		return []byte(v), nil
	}
	if _, err := console.ConsoleFromFile(os.Stdin); err != nil {
		return nil, errors.Errorf("set %s: there is no terminal to ask for it", passwordEnv)
	}
	fmt.Fprintf(os.Stderr, "Password for %s: ", file)
	defer fmt.Fprintln(os.Stderr)
	return term.ReadPassword(int(os.Stdin.Fd()))
}

// sign signs every image of a run's exporter responses.
func (s *imageSigner) sign(ctx context.Context, responses map[string]map[string]string) error {
	if s == nil {
		return nil
	}
	images, err := pushedImages(responses)
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := signImage(ctx, image, s.signer); err != nil {
			return err
		}
	}
	return nil
}

func signImage(ctx context.Context, image string, signer *attest.Signer) (err error) {
	span, ctx := tracing.StartSpan(ctx, "sign", trace.WithAttributes(attribute.String("image", image)))
	defer func() { tracing.FinishWithError(span, err) }()
	signed, err := attest.SignImage(ctx, image, attest.SignOptions{Registry: registry(), Signer: signer})
	if err != nil {
		return attestError(errors.Wrapf(err, "failed to sign %s", image))
	}
	if log := logFrom(ctx); log != nil {
		log.emit(attestationsSigned{Image: signed.Image, Count: len(signed.Bundles)})
		return nil
	}
	fmt.Fprintf(os.Stderr, "Signed %d attestations of %s\n", len(signed.Bundles), signed.Image)
	return nil
}

// pushedImages lists what a run's exporters pushed: what buildx would write into
// a metadata file is read as attest reads one.
func pushedImages(responses map[string]map[string]string) ([]string, error) {
	refs, err := pushedReferences(responses)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range refs {
		if !slices.Contains(out, r.String()) {
			out = append(out, r.String())
		}
	}
	return out, nil
}

func pushedReferences(responses map[string]map[string]string) ([]attest.ImageRef, error) {
	dt, err := json.Marshal(responses)
	if err != nil {
		return nil, errors.Wrap(err, "failed to list pushed images")
	}
	refs, err := attest.ImagesFromMetadata(bytes.NewReader(dt))
	return refs, errors.Wrap(err, "failed to list pushed images")
}

func registry() attest.Registry { return attest.Registry{Keychain: authn.DefaultKeychain} }

// attestError gives an error of package attest its exit code.
func attestError(err error) error {
	switch attest.ClassOf(err) {
	case attest.ClassNone:
		return nil
	case attest.ClassUsage:
		return withCode(exitFailed, err)
	case attest.ClassRejected:
		return withCode(exitBlocked, err)
	default:
		return withCode(exitScanFailed, err)
	}
}
