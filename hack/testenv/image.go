package testenv

import (
	"archive/tar"
	"bytes"
	"io"
	"path"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer is the content of one image layer: a file for each path relative to the
// root. A name that starts with ".wh." is a whiteout, as in the OCI image spec.
// Folders above a file are made.
type Layer map[string]File

// File is one entry of a layer: a regular file unless Link or Type say otherwise.
type File struct {
	Content []byte
	// Mode is the permission bits; 0644 if zero, 0755 for a folder.
	Mode int64
	// Link makes the entry a symlink to this target.
	Link string
	// Type is a tar header's type flag for anything else, e.g. tar.TypeFifo.
	Type byte
}

// Text is a regular file with this content.
func Text(content string) File { return File{Content: []byte(content)} }

// Image is one platform of an image made by code.
type Image struct {
	// Platform is "os/arch[/variant]"; that of the test if empty.
	Platform string
	Config   v1.Config
	// Layers from the lowest up.
	Layers []Layer
	// Created is when the image claims to have been made; zero for year 1.
	Created time.Time
	// DockerTypes makes an image with Docker's media types in place of OCI's. An
	// index has OCI's all the same.
	DockerTypes bool
}

// Push writes an image, or an index if there are several platforms, to the
// engine's registry and returns its reference. The same input gives the same digests.
func (i *Instance) Push(t testing.TB, repoTag string, images ...Image) string {
	t.Helper()
	ref, err := name.ParseReference(i.Registry+"/"+repoTag, name.Insecure)
	if err != nil {
		t.Fatalf("failed to name the image: %v", err)
	}
	if len(images) == 1 {
		if err := remote.Write(ref, build(t, images[0]), remote.WithContext(t.Context())); err != nil {
			t.Fatalf("failed to push %s: %v", ref, err)
		}
		return ref.String()
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        build(t, image),
			Descriptor: v1.Descriptor{Platform: platform(t, image)},
		})
	}
	if err := remote.WriteIndex(ref, index, remote.WithContext(t.Context())); err != nil {
		t.Fatalf("failed to push %s: %v", ref, err)
	}
	return ref.String()
}

func build(t testing.TB, image Image) v1.Image {
	t.Helper()
	p := platform(t, image)
	manifestType, configType, layerType := types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer
	if image.DockerTypes {
		manifestType, configType, layerType = types.DockerManifestSchema2, types.DockerConfigJSON, types.DockerLayer
	}
	img := mutate.MediaType(empty.Image, manifestType)
	img = mutate.ConfigMediaType(img, configType)
	img, err := mutate.ConfigFile(img, &v1.ConfigFile{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		Created: v1.Time{Time: image.Created},
		Config:  image.Config,
		RootFS:  v1.RootFS{Type: "layers"},
	})
	if err != nil {
		t.Fatalf("failed to make an image: %v", err)
	}
	for n, layer := range image.Layers {
		content := tarOf(t, layer)
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		}, tarball.WithMediaType(layerType))
		if err != nil {
			t.Fatalf("failed to make layer %d: %v", n, err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, MediaType: layerType}); err != nil {
			t.Fatalf("failed to append layer %d: %v", n, err)
		}
	}
	return img
}

func platform(t testing.TB, image Image) *v1.Platform {
	t.Helper()
	if image.Platform == "" {
		return &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	p, err := v1.ParsePlatform(image.Platform)
	if err != nil {
		t.Fatalf("failed to parse platform: %v", err)
	}
	return p
}

// tarOf writes a layer in a fixed order with no times, so that it has one digest.
func tarOf(t testing.TB, layer Layer) []byte {
	t.Helper()
	entries := make(map[string]File, len(layer))
	for p, file := range layer {
		p = path.Clean(strings.TrimPrefix(p, "/"))
		entries[p] = file
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if _, ok := layer[dir]; !ok {
				entries[dir] = File{Type: tar.TypeDir}
			}
		}
	}
	paths := make([]string, 0, len(entries))
	for p := range entries {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, p := range paths {
		file := entries[p]
		if err := w.WriteHeader(header(p, file)); err != nil {
			t.Fatalf("failed to write %s: %v", p, err)
		}
		if _, err := w.Write(file.Content); err != nil {
			t.Fatalf("failed to write %s: %v", p, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func header(p string, file File) *tar.Header {
	h := &tar.Header{Name: p, Typeflag: file.Type, Mode: file.Mode, Size: int64(len(file.Content)), Linkname: file.Link}
	switch {
	case h.Typeflag == 0 && file.Link != "":
		h.Typeflag = tar.TypeSymlink
	case h.Typeflag == 0:
		h.Typeflag = tar.TypeReg
	}
	if h.Mode == 0 {
		h.Mode = 0o644
		if h.Typeflag == tar.TypeDir {
			h.Mode = 0o755
		}
	}
	return h
}
