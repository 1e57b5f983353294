package policy

import "github.com/scan-build/scan-build/scan"

// portable is a layer as a verdict has it: without what another machine, which
// builds the same, has differently. That is how the layer was analysed, and the
// digest of the operation that makes it, for a local context is part of that. The
// digest of a base image's layer is the image's.
func portable(l scan.Layer) scan.Layer {
	l.Stats = scan.LayerStats{}
	if l.Base == "" {
		l.Digest = ""
	}
	return l
}

// makePortable does that to all layers of a verdict, which must be copies.
func makePortable(v *scan.Verdict) {
	for i := range v.Blocking {
		v.Blocking[i].Layer = portable(v.Blocking[i].Layer)
	}
	for i := range v.Secrets {
		v.Secrets[i].Layer = portable(v.Secrets[i].Layer)
	}
	for i := range v.Misconfigurations {
		v.Misconfigurations[i].Layer = portable(v.Misconfigurations[i].Layer)
	}
	for i := range v.External {
		v.External[i].Layer = portable(v.External[i].Layer)
	}
	for i := range v.Violations {
		if l := v.Violations[i].Layer; l != nil {
			copied := portable(*l)
			v.Violations[i].Layer = &copied
		}
	}
}
