package plugin_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// localImage is what a Docker Engine says of an image in its own store.
type localImage struct {
	ID        string `json:"Id"`
	Manifests []struct {
		Kind string
	}
}

// inspect asks a Docker Engine for an image; nil if it has none.
func inspect(t *testing.T, e *testenv.Instance, image string) *localImage {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(e.Docker, "unix://"))
	}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://docker/v1.48/images/"+image+"/json?manifests=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("inspect %s: %s", image, resp.Status)
	}
	out := new(localImage)
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// dockerEngine starts a Docker Engine and returns a project that is built there.
func dockerEngine(t *testing.T, store string) (*testenv.Instance, *project) {
	t.Helper()
	w := engine(t)
	e := testenv.Start(t, "plugin-"+store, testenv.Options{Docker: store})
	local := &workshop{Instance: e, dir: w.dir, base: testenv.BaseImage(t, e), database: w.database}
	return e, local.dockerfile(t, cleanDockerfile).store(t)
}

func (p *project) load(t *testing.T, image string, args ...string) testenv.Result {
	t.Helper()
	return p.build(t, append([]string{"--builder=default", "--network=host", "--load", "--tag", image, "."}, args...)...)
}

const noAttestations = "this output carries no attestations"

func TestDockerEngineLoadsAttestationsIntoItsContainerdStore(t *testing.T) {
	e, p := dockerEngine(t, "containerd")
	r := p.load(t, "clean:1").OK(t)
	says(t, r.Stderr, "scan pass")
	saysNot(t, r.Stderr, noAttestations)
	image := inspect(t, e, "clean:1")
	if image == nil {
		t.Fatal("the image is not in the store")
	}
	kinds := map[string]int{}
	for _, m := range image.Manifests {
		kinds[m.Kind]++
	}
	if kinds["image"] != 1 || kinds["attestation"] != 1 {
		t.Errorf("manifests: %v", kinds)
	}
	mustBlockLoading(t, e, p)
}

func TestDockerEngineWithGraphdriverStoreScansWholeSnapshots(t *testing.T) {
	e, p := dockerEngine(t, "graphdriver")
	r := p.load(t, "clean:1").OK(t)
	says(t, r.Stderr, "scan pass")
	if n := strings.Count(r.Stderr, noAttestations); n != 1 {
		t.Errorf("said %d times that there are no attestations:\n%s", n, r.Stderr)
	}
	if inspect(t, e, "clean:1") == nil {
		t.Fatal("the image is not in the store")
	}
	mustBlockLoading(t, e, p)
}

// mustBlockLoading builds an image that must not come into the store.
func mustBlockLoading(t *testing.T, e *testenv.Instance, p *project) {
	t.Helper()
	p.write(t, "Dockerfile", vulnerableDockerfile)
	r := p.load(t, "vulnerable:1", "--report=json=r.json").Exits(t, 2)
	says(t, r.Stderr, "BLOCKED", vulnerableID, ">>> COPY <<EOF package.json")
	if inspect(t, e, "vulnerable:1") != nil {
		t.Error("the blocked image is in the store")
	}
	final := readJSON[scan.Report](t, p.read(t, "r.json")).Platforms[0].FinalStage()
	for _, f := range final.Findings {
		if l := final.Layers[f.First]; l.StartLine != 3 {
			t.Errorf("%s is said to come from line %d: %s", f.ID, l.StartLine, l.Instruction)
		}
	}
}
