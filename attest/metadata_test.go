package attest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImagesOfAMetadataFile(t *testing.T) {
	a, b := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"build", `{
			"buildx.build.provenance": {"buildType": "https://mobyproject.org/buildkit@v1"},
			"buildx.build.ref": "b/b0/x",
			"containerimage.descriptor": {"digest": "` + a + `"},
			"containerimage.digest": "` + a + `",
			"image.name": "registry.example/app:1.0"
		}`, []string{" registry.example/app@" + a}},
		{"several names", `{"containerimage.digest": "` + a + `",
			"image.name": "registry.example/app:1.0,registry.example/app:latest, docker.io/team/app:1.0"}`,
			[]string{" registry.example/app@" + a, " index.docker.io/team/app@" + a}},
		{"bake", `{
			"buildx.build.warnings": [{"vertex": "x"}],
			"web": {"containerimage.digest": "` + b + `", "image.name": "127.0.0.1:5000/web"},
			"app": {"containerimage.digest": "` + a + `", "image.name": "127.0.0.1:5000/app:1"},
			"test": {"buildx.build.ref": "b/b0/y"}
		}`, []string{"app 127.0.0.1:5000/app@" + a, "web 127.0.0.1:5000/web@" + b}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			images, err := ImagesFromMetadata(strings.NewReader(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range images {
				got = append(got, i.Target+" "+i.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetadataFileThatNamesNothingIsAnError(t *testing.T) {
	a := "sha256:" + strings.Repeat("a", 64)
	for name, file := range map[string]string{
		"empty":          ``,
		"no object":      `[1]`,
		"not pushed":     `{"buildx.build.ref": "b/b0/x"}`,
		"no name":        `{"containerimage.digest": "` + a + `"}`,
		"invalid digest": `{"containerimage.digest": "sha256:../../x", "image.name": "app"}`,
		"invalid name":   `{"containerimage.digest": "` + a + `", "image.name": "APP@@"}`,
		"bake, nothing":  `{"app": {"buildx.build.ref": "b/b0/x"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if images, err := ImagesFromMetadata(strings.NewReader(file)); ClassOf(err) != ClassUsage {
				t.Errorf("got %v, %v", images, err)
			}
		})
	}
}
