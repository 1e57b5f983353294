package attest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/pkg/errors"
)

// Limits of what is accepted from a registry.
const (
	// maxManifest is the largest manifest or index; registries accept 4 MiB.
	maxManifest = 4 << 20
	// maxReferrerPages and maxReferrers bound the listing of one subject.
	maxReferrerPages = 64
	maxReferrers     = 4096
)

// Registry says how to reach the registry that holds an image.
type Registry struct {
	// Keychain has the credentials; nil means anonymous.
	Keychain authn.Keychain
	// Transport carries the requests; nil means [remote.DefaultTransport].
	Transport http.RoundTripper
	// Insecure allows plain HTTP to any host. Loopback addresses are always
	// tried with it.
	Insecure bool
	// Timeout bounds one whole operation on one image; zero means 5 minutes.
	Timeout time.Duration
}

func (r Registry) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	d := r.Timeout
	if d <= 0 {
		d = 5 * time.Minute
	}
	return context.WithTimeoutCause(ctx, d, errors.Errorf("registry operation took longer than %s", d))
}

func (r Registry) parse(image string) (name.Reference, error) {
	var opts []name.Option
	if r.Insecure {
		opts = append(opts, name.Insecure)
	}
	ref, err := name.ParseReference(image, opts...)
	if err != nil {
		return nil, usagef("invalid image reference %q: %v", image, err)
	}
	return ref, nil
}

// repository is one repository of a registry, read or written with the
// credentials for it. go-containerregistry does the authentication and the blobs;
// manifests and referrers are asked for here, because its own calls accept
// 100 MiB of manifest, read one page of referrers and lose concurrent updates of
// the referrers tag.
type repository struct {
	repo   name.Repository
	client *http.Client
	opts   []remote.Option
}

func (r Registry) open(ctx context.Context, repo name.Repository, scope string) (*repository, error) {
	keychain := r.Keychain
	if keychain == nil {
		keychain = authn.NewMultiKeychain()
	}
	auth, err := authn.Resolve(ctx, keychain, repo)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to get credentials for %s", repo)
	}
	inner := r.Transport
	if inner == nil {
		inner = remote.DefaultTransport
	}
	// A registry on a file system may answer 500 to a read of a tag that is being
	// written.
	backoff := transport.Backoff{Duration: 200 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3}
	retrying := transport.NewRetry(rewinding{inner}, transport.WithRetryBackoff(backoff),
		transport.WithRetryStatusCodes(http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout))
	rt, err := transport.NewWithContext(ctx, repo.Registry, auth, retrying, []string{repo.Scope(scope)})
	if err != nil {
		return nil, errors.Wrapf(err, "failed to reach registry %s", repo.RegistryStr())
	}
	return &repository{
		repo:   repo,
		client: &http.Client{Transport: rt},
		// A transport that has authenticated already is used as it is.
		opts: []remote.Option{remote.WithTransport(rt), remote.WithContext(ctx)},
	}, nil
}

// rewinding gives each attempt of a request its whole body: the retrying
// transport sends the same request again.
type rewinding struct{ inner http.RoundTripper }

func (t rewinding) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = body
	}
	return t.inner.RoundTrip(req)
}

func (r *repository) url(format string, args ...any) *url.URL {
	return &url.URL{
		Scheme: r.repo.Scheme(),
		Host:   r.repo.RegistryStr(),
		Path:   "/v2/" + r.repo.RepositoryStr() + "/" + fmt.Sprintf(format, args...),
	}
}

// manifest is a manifest or index as the registry sent it, named by the digest
// of its bytes.
type manifest struct {
	raw       []byte
	mediaType types.MediaType
	digest    v1.Hash
}

func (m *manifest) descriptor() v1.Descriptor {
	return v1.Descriptor{MediaType: m.mediaType, Digest: m.digest, Size: int64(len(m.raw))}
}

// errNotFound says that the registry has no such manifest.
var errNotFound = errors.New("not found")

// digestError says that content is not what its digest names.
type digestError struct{ message string }

func (e *digestError) Error() string { return e.message }

// manifest reads a manifest by tag or digest. The error is or wraps errNotFound
// or a *digestError where that is the reason.
func (r *repository) manifest(ctx context.Context, identifier string) (*manifest, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url("manifests/%s", identifier).String(), nil)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	for _, mt := range []types.MediaType{types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2} {
		req.Header.Add("Accept", string(mt))
	}
	raw, header, err := r.get(req, maxManifest)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read manifest %s of %s", identifier, r.repo)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if want, err := v1.NewHash(identifier); err == nil && want != digest {
		return nil, errors.WithStack(&digestError{fmt.Sprintf("manifest %s of %s has the content of %s", want, r.repo, digest)})
	}
	return &manifest{raw: raw, mediaType: types.MediaType(header.Get("Content-Type")), digest: digest}, nil
}

// get does a request and reads at most limit bytes of a 200 answer.
func (r *repository) get(req *http.Request, limit int64) ([]byte, http.Header, error) {
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, nil, errNotFound
	}
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(raw)) > limit {
		return nil, nil, errors.Errorf("answer is larger than %d bytes", limit)
	}
	return raw, resp.Header, nil
}

// blob reads a blob that a manifest describes, at most limit bytes of it. The
// error wraps a *digestError if its content is not what the descriptor says.
func (r *repository) blob(ctx context.Context, d v1.Descriptor, limit int64) ([]byte, error) {
	if d.Size < 0 || d.Size > limit {
		return nil, errors.Errorf("blob %s has %d bytes, more than the limit of %d", d.Digest, d.Size, limit)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url("blobs/%s", d.Digest).String(), nil)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	raw, _, err := r.get(req, d.Size)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read blob %s of %s", d.Digest, r.repo)
	}
	got, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if got != d.Digest {
		return nil, errors.WithStack(&digestError{fmt.Sprintf("blob %s of %s has the content of %s", d.Digest, r.repo, got)})
	}
	return raw, nil
}

// putBlob uploads content, unless it is there already.
func (r *repository) putBlob(content []byte, mediaType string) (v1.Descriptor, error) {
	layer := static.NewLayer(content, types.MediaType(mediaType))
	digest, err := layer.Digest()
	if err != nil {
		return v1.Descriptor{}, errors.WithStack(err)
	}
	if err := remote.WriteLayer(r.repo, layer, r.opts...); err != nil {
		return v1.Descriptor{}, errors.Wrapf(err, "failed to upload to %s", r.repo)
	}
	return v1.Descriptor{MediaType: types.MediaType(mediaType), Digest: digest, Size: int64(len(content))}, nil
}

// putManifest uploads a manifest under a tag or digest; the blobs it names are
// there. The answer's headers say what the registry did about the manifest's
// subject.
func (r *repository) putManifest(ctx context.Context, identifier string, raw []byte, mediaType types.MediaType) (http.Header, error) {
	for attempt := 1; ; attempt++ {
		header, err := r.putManifestOnce(ctx, identifier, raw, mediaType)
		if err == nil {
			return header, nil
		}
		err = errors.Wrapf(err, "failed to upload manifest to %s", r.repo)
		if attempt == manifestAttempts || !blobUnknown(err) {
			return nil, err
		}
		if err := sleep(ctx, time.Duration(attempt)*100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// manifestAttempts is how often a manifest is sent to a registry that says it
// lacks a blob which it has confirmed before: a registry on a file system does
// so while another writer links the same blob.
const manifestAttempts = 4

func blobUnknown(err error) bool {
	var terr *transport.Error
	return errors.As(err, &terr) && slices.ContainsFunc(terr.Errors, func(d transport.Diagnostic) bool {
		return d.Code == transport.ManifestBlobUnknownErrorCode
	})
}

func (r *repository) putManifestOnce(ctx context.Context, identifier string, raw []byte, mediaType types.MediaType) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.url("manifests/%s", identifier).String(), bytes.NewReader(raw))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	req.Header.Set("Content-Type", string(mediaType))
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := transport.CheckError(resp, http.StatusOK, http.StatusCreated, http.StatusAccepted); err != nil {
		return nil, err
	}
	return resp.Header, nil
}
