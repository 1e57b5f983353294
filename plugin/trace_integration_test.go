package plugin_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/scan-build/scan-build/hack/testenv"
)

// collector receives spans as OpenTelemetry collectors do: OTLP over HTTP.
type collector struct {
	mu    sync.Mutex
	spans []span
}

type span struct {
	service, name, trace, id, parent string
	attributes                       map[string]string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var data tracepb.TracesData // the request's message has the same field
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &data) != nil {
		http.Error(w, "not an export of traces", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range data.GetResourceSpans() {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				out := span{
					service: service, name: s.GetName(), trace: hex.EncodeToString(s.GetTraceId()),
					id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()), attributes: map[string]string{},
				}
				for _, a := range s.GetAttributes() {
					out.attributes[a.GetKey()] = a.GetValue().GetStringValue()
				}
				if !slices.ContainsFunc(c.spans, func(s span) bool { return s.id == out.id }) {
					c.spans = append(c.spans, out) // the engine passes on what it got from its client
				}
			}
		}
	}
}

// find returns a service's spans of a name.
func (c *collector) find(service, name string) []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(s span) bool { return s.service != service || s.name != name })
}

// one waits for the only span of a name: an engine exports every few seconds.
func (c *collector) one(t *testing.T, service, name string) span {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		found := c.find(service, name)
		if len(found) == 1 {
			return found[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d spans %q of %s, want 1", len(found), name, service)
		}
	}
}

func TestTraceOfARunReachesFromTheCallerToTheEngine(t *testing.T) {
	w := engine(t)
	c := &collector{}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", serve(t, c))
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	e := testenv.Start(t, "traces", testenv.Options{})
	p := w.dockerfile(t, strings.ReplaceAll(cleanDockerfile, "$BASE", testenv.BaseImage(t, e)))
	const caller, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	private, public := newKeys(t)
	p.env = append(slices.Clone(e.Env), "COSIGN_PASSWORD="+keyPassword, "TRACEPARENT=00-"+caller+"-"+parent+"-01")
	image := e.Registry + "/traces:1"
	p.build(t, "--push", "--tag", image, "--sign", "--key", private, ".").OK(t)
	p.run(t, "verify", "--key", public, image).OK(t)

	root := c.one(t, "docker-scan-build", "build .")
	if root.trace != caller || root.parent != parent {
		t.Errorf("the run is %+v, want a child of what TRACEPARENT names", root)
	}
	scan := c.one(t, "docker-scan-build", "scan")
	for name, want := range map[string]string{"evaluate policy": scan.id, "sign": root.id} {
		if s := c.one(t, "docker-scan-build", name); s.parent != want || s.trace != caller {
			t.Errorf("%q is %+v, want a child of %s", name, s, want)
		}
	}
	if scan.attributes["scan.outcome"] != "pass" || scan.attributes["target"] != "default" {
		t.Errorf("the scan's span is %+v", scan)
	}
	if s := c.one(t, "docker-scan-build", "verify"); s.trace != caller {
		t.Errorf("the verification's span is %+v", s)
	}
	for _, name := range []string{"[2/2] RUN echo clean > /app", "[scan] match packages against vulnerability database"} {
		found := func() []span {
			return slices.DeleteFunc(c.find("buildkitd", name), func(s span) bool { return s.trace != caller })
		}
		for deadline := time.Now().Add(20 * time.Second); len(found()) == 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the engine's trace of this run has no span %q", name)
			}
		}
	}
}

func TestCollectorThatIsAwayHoldsNothingUp(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, cleanDockerfile).with("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
	start := time.Now()
	r := p.build(t, "--log-format=json", ".").OK(t)
	events(t, r.Stderr) // no error of the exporter stands between them
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the build took %s", took)
	}
}
