package check

import "github.com/scan-build/scan-build/scan"

// needs are the facts without which a check says nothing.
type needs uint

const (
	needImage      needs = 1 << iota // the image's configuration
	needLayers                       // layers that were analysed
	needBase                         // which base image was used
	needAccounts                     // etc/passwd
	needDockerfile                   // the Dockerfile's text
	needLifetime                     // the end of life of the distribution's release
)

// Missing says which fact about a platform's image the check lacks, so that
// finding nothing proves nothing; "" if it lacks none.
func (c *Check) Missing(r *scan.Report, p *scan.Platform) string {
	s := p.FinalStage()
	if s == nil {
		return "the final stage was not scanned"
	}
	for _, n := range []struct {
		need    needs
		missing bool
		why     string
	}{
		{needImage, p.Image == nil, "the image's configuration is not known"},
		{needLayers, len(s.Layers) == 0, "no layer of the image was analysed"},
		{needBase, s.Base == nil && hasBase(s), "nothing is known about the base image"},
		{needAccounts, s.Accounts == nil, "the image has no /etc/passwd to compare with"},
		{needDockerfile, !knowsDockerfile(r, s), "the Dockerfile was not read"},
		{needLifetime, !knowsLifetime(s), "no end of life is known for the image's distribution"},
	} {
		if c.needs&n.need != 0 && n.missing {
			return n.why
		}
	}
	return ""
}

func hasBase(s *scan.Stage) bool {
	for _, l := range s.Layers {
		if l.Base != "" {
			return true
		}
	}
	return false
}

// knowsDockerfile says whether the build is known to come from a Dockerfile that
// was read: only then layers have lines.
func knowsDockerfile(r *scan.Report, s *scan.Stage) bool {
	if r.Build != nil && r.Build.Dockerfile != "" {
		return true
	}
	for _, l := range s.Layers {
		if l.StartLine > 0 {
			return true
		}
	}
	return false
}

// knowsLifetime is true of an image without a distribution as well: there is
// nothing to know.
func knowsLifetime(s *scan.Stage) bool { return s.OS == nil || endOfLife(s) != "" }
