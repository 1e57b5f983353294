package plugin

import (
	"os"

	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/attest"
)

func newAttestCommand(_ command.Cli, env environment) *cobra.Command {
	var key, metadataFile string
	cmd := &cobra.Command{
		Use:   "attest --key FILE [--metadata-file FILE] [IMAGE...]",
		Short: "Sign the scan attestations that pushed images carry",
		Long: `Sign the scan attestations that pushed images carry.

For images that were built with the frontend alone, or without --sign. Images are
named as arguments, or by the file that "docker buildx build --metadata-file" or
"docker buildx bake --metadata-file" wrote.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			images := args
			if metadataFile != "" {
				named, err := imagesOf(metadataFile)
				if err != nil {
					return err
				}
				images = append(images, named...)
			}
			if len(images) == 0 {
				return errors.New("name an image, or a --metadata-file that does")
			}
			if key == "" {
				return errors.New("--key is missing: the private key that `cosign generate-key-pair` made")
			}
			signer, err := loadSigner(key, env)
			if err != nil {
				return err
			}
			for _, image := range images {
				if err := signImage(cmd.Context(), image, signer); err != nil {
					return err
				}
			}
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&key, "key", "", "`FILE` of the cosign private key; its password is read from COSIGN_PASSWORD or asked for")
	cmd.Flags().StringVar(&metadataFile, "metadata-file", "", "`FILE` that names the images, as buildx wrote it")
	return cmd
}

// imagesOf reads the pushed images from a metadata file.
func imagesOf(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read metadata file")
	}
	defer f.Close()
	refs, err := attest.ImagesFromMetadata(f)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read metadata file %s", file)
	}
	var out []string
	for _, r := range refs {
		out = append(out, r.String())
	}
	return out, nil
}
