package plugin

import (
	"encoding/base64"
	"encoding/json"
	"os"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/docker/buildx/util/confutil"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/sys/atomicwriter"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"
)

// outputs are the files that a finished build leaves for other programs.
type outputs struct {
	imageIDFile, metadataFile string
}

func (o outputs) write(resp map[string]string, warnings []client.VertexWarning) error {
	if o.imageIDFile != "" {
		if err := os.WriteFile(o.imageIDFile, []byte(imageID(resp)), 0o644); err != nil {
			return errors.Wrap(err, "writing image ID file")
		}
	}
	if o.metadataFile == "" {
		return nil
	}
	return writeMetadata(o.metadataFile, decodeResponse(resp), warnings)
}

// writeMetadata writes what buildx writes for --metadata-file.
func writeMetadata(file string, dt map[string]any, warnings []client.VertexWarning) error {
	if len(warnings) > 0 && confutil.MetadataWarningsEnabled() {
		dt["buildx.build.warnings"] = warnings
	}
	b, err := json.MarshalIndent(dt, "", "  ")
	if err != nil {
		return errors.Wrap(err, "writing metadata file")
	}
	return errors.Wrap(atomicwriter.WriteFile(file, b, 0o644), "writing metadata file")
}

// decodeResponse makes an exporter's response readable: values that are encoded
// JSON objects become objects.
func decodeResponse(resp map[string]string) map[string]any {
	out := make(map[string]any, len(resp))
	for k, v := range resp {
		out[k] = v
		dt, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			continue
		}
		var object map[string]any
		var list []map[string]any
		if json.Unmarshal(dt, &object) == nil && len(object) > 0 || json.Unmarshal(dt, &list) == nil && len(list) > 0 {
			out[k] = json.RawMessage(dt)
		}
	}
	return out
}

// holdAttestations reports whether all of a build's exports can hold
// attestations; BuildKit fails an export that has to and cannot.
func holdAttestations(exports []client.ExportEntry) bool {
	for _, e := range exports {
		if e.Type != client.ExporterImage && e.Type != client.ExporterOCI {
			return false
		}
	}
	return len(exports) > 0
}

// carriesAttestations reports whether an export put attestations beside an
// image: it then made an index. known is false if nothing
// was exported.
func carriesAttestations(resp map[string]string, exports bool) (carries, known bool) {
	dt, err := base64.StdEncoding.DecodeString(resp[exptypes.ExporterImageDescriptorKey])
	if err != nil || len(dt) == 0 {
		return false, exports || resp[exptypes.ExporterImageDigestKey] != ""
	}
	var desc ocispecs.Descriptor
	if err := json.Unmarshal(dt, &desc); err != nil {
		return false, true
	}
	return images.IsIndexType(desc.MediaType), true
}

// noAttestations is said once when an export could not carry any.
const noAttestations = " - this output carries no attestations: push the image to a registry for that, or keep the --report\n"
