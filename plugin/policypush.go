package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	registryremote "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

func newPolicyPush(dockerCli command.Cli, env environment) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "push [--key FILE] DIR|FILE IMAGE",
		Short: "Push a policy to a registry, for others to extend",
		Long: `Push a policy to a registry, for others to extend.

The policy is a folder with ` + "`.scan-build.yaml`" + ` and the files that it names, an archive
of one (tar.gz), or an options file alone. What is printed goes under "extends:" of
the options files that build on it.`,
		Args: cli.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openForPush(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if key != "" {
				if err := signBundle(cmd.Context(), b, key, env); err != nil {
					return err
				}
			}
			pushed, err := pushBundle(cmd.Context(), b, args[1])
			if err != nil {
				return err
			}
			fmt.Fprintln(dockerCli.Out(), "oci://"+pushed.String())
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&key, "key", "", "Sign with this cosign private key `FILE`; its password is read from COSIGN_PASSWORD or asked for")
	return cmd
}

// openForPush reads a bundle and makes sure that somebody can extend it: that it
// has all that it names, and that its Rego compiles.
func openForPush(ctx context.Context, file string) (*bundle.Bundle, error) {
	b, err := bundle.Open(file)
	if err != nil {
		return nil, err
	}
	opts, err := bundle.Load(ctx, &localSource{files: b.Files}, b.Options())
	if err == nil {
		err = policy.Compile(opts.RegoFiles)
	}
	if err != nil {
		return nil, errors.Wrapf(err, "%s cannot be used as a policy", file)
	}
	return b, nil
}

func signBundle(ctx context.Context, b *bundle.Bundle, keyFile string, env environment) error {
	signer, err := loadSigner(keyFile, env)
	if err != nil {
		return err
	}
	return b.Sign(func(message []byte) ([]byte, string, error) { return signer.SignMessage(ctx, message) })
}

// pushBundle writes a bundle as an image of one layer, which every engine can
// pull. The same bundle always has the same digest.
func pushBundle(ctx context.Context, b *bundle.Bundle, image string) (name.Digest, error) {
	tag, err := name.NewTag(image)
	if err != nil {
		return name.Digest{}, errors.Errorf("invalid image %q: want REGISTRY/REPOSITORY, with a tag if you like: %v", image, err)
	}
	packed, err := b.Pack()
	if err != nil {
		return name.Digest{}, err
	}
	config, err := imageConfig(packed.DiffID)
	if err != nil {
		return name.Digest{}, err
	}
	opts := []registryremote.Option{registryremote.WithContext(ctx), registryremote.WithAuthFromKeychain(authn.DefaultKeychain)}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: bundle.ArtifactType}
	if m.Config, err = putBlob(tag, config, types.OCIConfigJSON, opts); err == nil {
		var layer v1.Descriptor
		layer, err = putBlob(tag, packed.Layer, types.OCILayer, opts)
		m.Layers = []v1.Descriptor{layer}
	}
	if err != nil {
		return name.Digest{}, withCode(exitScanFailed, errors.Wrapf(err, "failed to push the policy to %s", tag))
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return name.Digest{}, errors.Wrap(err, "failed to encode the policy's manifest")
	}
	if err := registryremote.Put(tag, manifestBytes(raw), opts...); err != nil {
		return name.Digest{}, withCode(exitScanFailed, errors.Wrapf(err, "failed to push the policy to %s", tag))
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	return tag.Digest(digest.String()), err
}

func putBlob(tag name.Tag, content []byte, mediaType types.MediaType, opts []registryremote.Option) (v1.Descriptor, error) {
	layer := static.NewLayer(content, mediaType)
	digest, err := layer.Digest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(content))}, registryremote.WriteLayer(tag.Repository, layer, opts...)
}

// imageConfig is the configuration of an image that runs nowhere.
func imageConfig(diffID string) ([]byte, error) {
	hash, err := v1.NewHash(diffID)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v1.ConfigFile{
		Architecture: "unknown", OS: "unknown",
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{hash}},
	})
}

// manifestBytes is a manifest to be put as it is.
type manifestBytes []byte

// RawManifest implements the Taggable of package remote.
func (m manifestBytes) RawManifest() ([]byte, error) { return m, nil }

// MediaType says what the manifest is sent as.
func (manifestBytes) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
