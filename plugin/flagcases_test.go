package plugin

import (
	"path/filepath"

	"github.com/docker/buildx/commands"
	"github.com/docker/buildx/util/buildflags"
)

// flagCase is a flag of `buildx build`, a value other than its default, and
// what that value is among the options of a build.
type flagCase struct {
	args []string
	want func(*commands.BuildOptions)
}

type options = commands.BuildOptions

// buildFlagCases: a flag that buildx has and this table lacks fails the test,
// so that an update of buildx cannot bring one that is silently dropped.
func buildFlagCases(dir string) map[string]flagCase {
	secret := filepath.Join(dir, "secret")
	return map[string]flagCase{
		"add-host":   {[]string{"a:1.2.3.4,b:1.2.3.5"}, func(o *options) { o.ExtraHosts = []string{"a:1.2.3.4", "b:1.2.3.5"} }},
		"allow":      {[]string{"network.host"}, func(o *options) { o.Allow = []string{"network.host"} }},
		"annotation": {[]string{"index:a=b"}, func(o *options) { o.Annotations = []string{"index:a=b"} }},
		"attest": {[]string{"type=sbom,generator=g"}, func(o *options) {
			o.Attests = buildflags.Attests{{Type: "sbom", Attrs: map[string]string{"generator": "g"}}}
		}},
		"build-arg":     {[]string{"A=b,c"}, func(o *options) { o.BuildArgs["A"] = "b,c" }},
		"build-context": {[]string{"n=path"}, func(o *options) { o.NamedContexts = map[string]string{"n": "path"} }},
		"cache-from": {[]string{"type=local,src=x"}, func(o *options) {
			o.CacheFrom = []*buildflags.CacheOptionsEntry{{Type: "local", Attrs: map[string]string{"src": "x"}}}
		}},
		"cache-to": {[]string{"type=local,dest=x"}, func(o *options) {
			o.CacheTo = []*buildflags.CacheOptionsEntry{{Type: "local", Attrs: map[string]string{"dest": "x"}}}
		}},
		"cgroup-parent":   {[]string{"cg"}, func(o *options) { o.CgroupParent = "cg" }},
		"cpu-period":      {[]string{"1"}, func(o *options) { o.Resources = []string{"cpu-period=1"} }},
		"cpu-quota":       {[]string{"1"}, func(o *options) { o.Resources = []string{"cpu-quota=1"} }},
		"cpu-shares":      {[]string{"1"}, func(o *options) { o.Resources = []string{"cpu-shares=1"} }},
		"cpuset-cpus":     {[]string{"0,1"}, func(o *options) { o.Resources = []string{"cpuset-cpus=0,1"} }},
		"cpuset-mems":     {[]string{"0"}, func(o *options) { o.Resources = []string{"cpuset-mems=0"} }},
		"file":            {[]string{"F"}, func(o *options) { o.DockerfileName = "F" }},
		"label":           {[]string{"a=b"}, func(o *options) { o.Labels = map[string]string{"a": "b"} }},
		"load":            {nil, func(o *options) { o.ExportLoad = true }},
		"memory":          {[]string{"1g"}, func(o *options) { o.Resources = []string{"memory=1g"} }},
		"memory-swap":     {[]string{"-1"}, func(o *options) { o.Resources = []string{"memory-swap=-1"} }},
		"metadata-file":   {[]string{"m"}, func(o *options) { o.ProvenanceResponseMode = "min" }},
		"network":         {[]string{"none"}, func(o *options) { o.NetworkMode = "none" }},
		"no-cache":        {nil, func(o *options) { o.NoCache = true }},
		"no-cache-filter": {[]string{"stage"}, func(o *options) { o.NoCacheFilter = []string{"stage"} }},
		"output": {[]string{"type=local,dest=x"}, func(o *options) {
			o.Exports = []*buildflags.ExportEntry{{Type: "local", Attrs: map[string]string{}, Destination: "x"}}
		}},
		"platform": {[]string{"linux/arm64"}, func(o *options) { o.Platforms = []string{"linux/arm64"} }},
		"policy": {[]string{"disabled=true"}, func(o *options) {
			o.Policy = []buildflags.PolicyConfig{{Disabled: true}}
		}},
		"provenance": {[]string{"mode=max"}, func(o *options) {
			o.Attests = buildflags.Attests{{Type: "provenance", Attrs: map[string]string{"mode": "max"}}}
		}},
		"pull":     {nil, func(o *options) { o.Pull = true }},
		"push":     {nil, func(o *options) { o.ExportPush = true }},
		"resource": {[]string{"memory=2g"}, func(o *options) { o.Resources = []string{"memory=2g"} }},
		"sbom":     {[]string{"false"}, func(o *options) { o.Attests = buildflags.Attests{{Type: "sbom", Disabled: true}} }},
		"secret": {[]string{"id=s,src=" + secret}, func(o *options) {
			o.Secrets = buildflags.Secrets{{ID: "s", FilePath: secret}}
		}},
		"shm-size": {[]string{"1m"}, func(o *options) { o.ShmSize = 1 << 20 }},
		"ssh":      {[]string{"default=" + secret}, func(o *options) { o.SSH = []*buildflags.SSH{{ID: "default", Paths: []string{secret}}} }},
		"tag":      {[]string{"t"}, func(o *options) { o.Tags = []string{"t"} }},
		"target":   {[]string{"t"}, func(o *options) { o.Target = "t" }},
		"ulimit":   {[]string{"nofile=1:2"}, func(o *options) { _ = o.Ulimits.Set("nofile=1:2") }},
	}
}

// readElsewhere are the flags that are no options of a build: how it is shown,
// where its results are written, what is done in its place. Tests of the
// built program cover them.
func readElsewhere() []string {
	return []string{"call", "check", "iidfile", "print", "progress", "quiet"}
}

// withoutEffect are flags that buildx itself takes and ignores.
func withoutEffect() []string {
	return []string{"compress", "force-rm", "isolation", "rm", "security-opt", "squash"}
}
