package config

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// RefKind says what a [Ref] leads to.
type RefKind string

// The kinds of reference, written as BuildKit writes named contexts.
const (
	RefURL       RefKind = "url"        // https://… or http://…
	RefImage     RefKind = "image"      // docker-image://…
	RefOCILayout RefKind = "oci-layout" // oci-layout://…
	RefPath      RefKind = "path"       // a local file or folder
)

const (
	imageScheme     = "docker-image://"
	ociLayoutScheme = "oci-layout://"
)

// Ref is where something comes from. The zero value names nothing.
type Ref struct {
	Kind RefKind
	// Value is the whole URL, the image reference without its scheme, the
	// layout's path with an optional :tag or @digest, or the local path.
	Value string
}

// ParseRef reads a reference of one of the given kinds. It looks at nothing
// outside of s: whether the thing exists is for its user to find out.
func ParseRef(s string, kinds ...RefKind) (Ref, error) {
	r, err := splitRef(s)
	if err != nil {
		return Ref{}, err
	}
	for _, k := range kinds {
		if r.Kind == k {
			return r, r.check()
		}
	}
	return Ref{}, errors.Errorf("%s cannot be used here, want %s", quoteRef(s), wantKinds(kinds))
}

func splitRef(s string) (Ref, error) {
	switch {
	case strings.TrimSpace(s) == "":
		return Ref{}, errors.New("is empty")
	case strings.ContainsAny(s, "\x00\r\n"):
		return Ref{}, errors.Errorf("%q contains a control character", s)
	case hasPrefixFold(s, "https://"), hasPrefixFold(s, "http://"):
		return Ref{RefURL, s}, nil
	case strings.HasPrefix(s, imageScheme):
		return Ref{RefImage, strings.TrimPrefix(s, imageScheme)}, nil
	case strings.HasPrefix(s, ociLayoutScheme):
		return Ref{RefOCILayout, strings.TrimPrefix(s, ociLayoutScheme)}, nil
	case strings.Contains(s, "://"):
		scheme, _, _ := strings.Cut(s, "://")
		return Ref{}, errors.Errorf("unknown scheme %q, want https://, docker-image://, oci-layout:// or a local path", scheme+"://")
	default:
		return Ref{RefPath, s}, nil
	}
}

func (r Ref) check() error {
	switch r.Kind {
	case RefURL:
		u, err := url.Parse(r.Value)
		if err != nil || u.Host == "" {
			return errors.Errorf("%s is not a URL with a host", quoteRef(r.Value))
		}
	case RefImage, RefOCILayout:
		if r.Value == "" || strings.ContainsAny(r.Value, " \t") {
			return errors.Errorf("%q names no image", r.spelled())
		}
	}
	return nil
}

// IsZero says that the reference names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String spells the reference as [ParseRef] reads it, without the password
// that a URL may carry.
func (r Ref) String() string {
	if r.Kind == RefURL {
		if u, err := url.Parse(r.Value); err == nil {
			return u.Redacted()
		}
		return "(unreadable URL)"
	}
	return r.spelled()
}

// spelled is the reference in full, secrets included.
func (r Ref) spelled() string {
	switch r.Kind {
	case RefImage:
		return imageScheme + r.Value
	case RefOCILayout:
		return ociLayoutScheme + r.Value
	default:
		return r.Value
	}
}

// quoteRef quotes a reference for a message, without a URL's password.
func quoteRef(s string) string {
	if !strings.Contains(s, "://") {
		return strconv.Quote(s)
	}
	u, err := url.Parse(s)
	if err != nil {
		return "the given URL"
	}
	return strconv.Quote(u.Redacted())
}

func wantKinds(kinds []RefKind) string {
	spelled := map[RefKind]string{
		RefURL: "https://…", RefImage: imageScheme + "…", RefOCILayout: ociLayoutScheme + "…", RefPath: "a local path",
	}
	var names []string
	for _, k := range kinds {
		names = append(names, spelled[k])
	}
	return orList(names)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix)
}
