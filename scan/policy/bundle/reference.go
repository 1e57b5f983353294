package bundle

import (
	"context"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// The kinds of reference to a policy.
type refKind int

const (
	refPath refKind = iota
	refURL
	refImage
)

// imageScheme begins a reference to a policy in a registry.
const imageScheme = "oci://"

func kindOf(ref string) refKind {
	switch {
	case strings.HasPrefix(ref, imageScheme):
		return refImage
	case strings.Contains(ref, "://"):
		return refURL
	default:
		return refPath
	}
}

// maxArchiveFile bounds an archive as it is stored.
const maxArchiveFile = MaxSize

// read reads the policy that an entry names. The digest is the one by which it
// can be pinned there: a file's own, a folder's [Bundle.Digest], the image's.
func (l *loader) read(ctx context.Context, x config.Extend, in folder) (b *Bundle, pin string, err error) {
	switch kindOf(x.Policy) {
	case refImage:
		image := strings.TrimPrefix(x.Policy, imageScheme)
		_, pin, ok := strings.Cut(image, "@")
		if !ok {
			return nil, "", errors.New("is not pinned: name it as oci://REGISTRY/REPOSITORY@sha256:…")
		}
		b, err := l.src.Pull(ctx, image)
		return b, pin, errors.Wrap(err, "failed to load the policy")
	case refURL:
		if x.Digest == "" {
			return nil, "", errors.New("is not pinned: add digest: sha256:… of what the URL leads to")
		}
		data, err := l.src.Fetch(ctx, x.Policy, x.Digest, maxArchiveFile)
		if err != nil {
			return nil, "", errors.Wrap(err, "failed to load the policy")
		}
		if got := digestOf(data); got != x.Digest {
			return nil, "", errors.Errorf("has digest %s, not %s", got, x.Digest)
		}
		b, err := Parse(data)
		return b, x.Digest, err
	default:
		b, pin, err := readPath(ctx, x.Policy, in)
		if err == nil && x.Digest != "" && pin != x.Digest {
			err = errors.Errorf("has digest %s, not %s", pin, x.Digest)
		}
		return b, pin, err
	}
}

// readPath reads a file, an archive or a folder.
func readPath(ctx context.Context, name string, in folder) (*Bundle, string, error) {
	found, err := in.files(ctx, literal(name), literal(name)+"/**")
	switch {
	case err != nil:
		return nil, "", err
	case len(found) == 0:
		return nil, "", errors.Errorf("%s has no such file or folder", in.what())
	case len(found) == 1 && found[0].Name == name:
		b, err := Parse(found[0].Data)
		return b, digestOf(found[0].Data), err
	}
	var files []config.File
	for _, f := range found {
		if inner, ok := strings.CutPrefix(f.Name, name+"/"); ok {
			files = append(files, config.File{Name: inner, Data: f.Data})
		}
	}
	b, err := New(files)
	if err != nil {
		return nil, "", err
	}
	return b, b.Digest(), nil
}

// shortRef keeps references short in messages.
func shortRef(ref string) string {
	const most = 200
	if len(ref) > most {
		return ref[:most] + "…"
	}
	return ref
}

// literal is the pattern that matches a name alone.
func literal(name string) string {
	var b strings.Builder
	for _, r := range name {
		if strings.ContainsRune(`*?[]{}\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
