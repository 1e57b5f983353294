package config

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

const (
	inFileOnly   = "what a build is measured by is written down"
	blockImage   = "fail-on" // Options.Thresholds.Image.Block
	blockBase    = "thresholds.base.block"
	blockStages  = "thresholds.stages.block"
	maxURLLength = 2048
)

// blocking are the options that say from where on findings block.
var blocking = []string{blockImage, blockBase, blockStages}

func thresholdOptions() []Option {
	image := func(o *Options) *Levels { return &o.Thresholds.Image }
	base := func(o *Options) *Levels { return &o.Thresholds.Base }
	stages := func(o *Options) *Levels { return &o.Thresholds.Stages }

	failOn := blockOption(image, "Block the build at findings of this severity and above: critical, high, medium, low, negligible or none")
	failOn.Name, failOn.Key, failOn.Value, failOn.Default, failOn.Roads, failOn.Why = blockImage, "thresholds.image.block", "SEVERITY", "high", everyRoad, ""

	onlyFixed := Option{
		Name: "only-fixed", Default: "false", Roads: everyRoad, schema: boolSchema(),
		Help:    "Block only at findings for which a fixed version exists",
		set:     one(func(o *Options, s string, _ Road) (err error) { o.OnlyFixed, err = parseBool(s); return err }),
		loose:   func(o Options) float64 { return truth(o.OnlyFixed) },
		weakens: blocking,
	}

	imageWarn := warnOption(image, "Warn at findings of this severity and above that do not block; unknown for all")
	imageWarn.Name, imageWarn.Default = "thresholds.image.warn", "unknown"
	imageLog := logOption(image, "Count findings of this severity and above; what is below stands in reports alone")
	imageLog.Name, imageLog.Default = "thresholds.image.log", "unknown"

	baseBlock := blockOption(base, "Block at findings that come with the base image")
	baseBlock.Name, baseBlock.Like = blockBase, blockImage
	baseWarn := warnOption(base, "Warn at findings that come with the base image")
	baseWarn.Name, baseWarn.Like = "thresholds.base.warn", imageWarn.Name
	baseLog := logOption(base, "Count findings that come with the base image")
	baseLog.Name, baseLog.Like = "thresholds.base.log", imageLog.Name

	stagesBlock := blockOption(stages, "Block at findings in stages that do not become the image")
	stagesBlock.Name, stagesBlock.Default = blockStages, thresholdNone
	stagesWarn := warnOption(stages, "Warn at findings in stages that do not become the image")
	stagesWarn.Name, stagesWarn.Default = "thresholds.stages.warn", "unknown"
	stagesLog := logOption(stages, "Count findings in stages that do not become the image")
	stagesLog.Name, stagesLog.Default = "thresholds.stages.log", "unknown"

	return []Option{failOn, onlyFixed, imageWarn, imageLog, baseBlock, baseWarn, baseLog, stagesBlock, stagesWarn, stagesLog}
}

func blockOption(of func(*Options) *Levels, help string) Option {
	return levelOption(func(o *Options) *Threshold { return &of(o).Block }, ParseThreshold, help)
}

func warnOption(of func(*Options) *Levels, help string) Option {
	o := levelOption(func(o *Options) *Threshold { return &of(o).Warn }, ParseWarnThreshold, help)
	o.schema = warnSchema()
	return o
}

func logOption(of func(*Options) *Levels, help string) Option {
	o := levelOption(func(o *Options) *Threshold { return &of(o).Log }, ParseWarnThreshold, help)
	o.schema = warnSchema()
	return o
}

func levelOption(of func(*Options) *Threshold, parse func(string) (Threshold, error), help string) Option {
	return Option{
		Roads: RoadFile, Why: inFileOnly, Help: help, schema: blockSchema(),
		set:   one(func(o *Options, s string, _ Road) (err error) { *of(o), err = parse(s); return err }),
		loose: func(o Options) float64 { return of(&o).loose() },
	}
}

// urgencyOptions say what of the thresholds waits and what does not.
func urgencyOptions() []Option {
	var out []Option
	for _, s := range scan.Severities() {
		if s != scan.SeverityUnknown {
			out = append(out, graceOption(s))
		}
	}
	return append(out, []Option{
		{
			Name: "grace.since", Default: sinceFix, Roads: RoadFile, Why: inFileOnly, schema: anyCase(sinceFix, sincePublished),
			Help: "Count days of grace since there is a fix, or since the advisory was published: fix or published",
			set: one(func(o *Options, s string, _ Road) error {
				since, err := parseWord("day", s, sinceFix, sincePublished)
				o.Grace.SincePublished = since == sincePublished
				return err
			}),
			loose: func(o Options) float64 { return truth(!o.Grace.SincePublished) },
		},
		{
			Name: "kev", Value: "EFFECT", Default: string(EffectBlock), Roads: everyRoad, schema: effectSchema(),
			Help:  "What findings do that CISA lists as exploited, whatever their severity: block, warn or off",
			set:   one(func(o *Options, s string, _ Road) (err error) { o.KEV, err = ParseEffect(s); return err }),
			loose: func(o Options) float64 { return o.KEV.loose() },
		},
		{
			Name: "epss", Value: "PROBABILITY", Default: "off", Roads: everyRoad, schema: epssSchema(),
			Help: "Block at findings that are exploited with this probability and above, whatever their severity, e.g. 0.5, or off",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.EPSS, err = parseEPSS(s); return err }),
			loose: func(o Options) float64 {
				if o.EPSS == 0 {
					return 2 // above any probability
				}
				return o.EPSS
			},
		},
		{
			Name: "help-url", Roads: RoadFile, Why: inFileOnly, schema: urlSchema(),
			Help: "Page that is shown with what blocks",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.HelpURL, err = parseHelpURL(s); return err }),
		},
		{
			Name: "licenses.deny", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: unites, schema: licenseSchema(),
			Help: "Licences that block, by SPDX identifier in any case; * stands for anything",
			set:  setLicenses,
		},
	}...)
}

// From when on days of grace count.
const (
	sinceFix       = "fix"
	sincePublished = "published"
)

func graceOption(severity scan.Severity) Option {
	return Option{
		Name: "grace." + severity.String(), Default: "0", Roads: RoadFile, Why: inFileOnly, schema: daysSchema(),
		Help: "Days within which findings of severity " + severity.String() + " only warn, e.g. 14",
		set: one(func(o *Options, s string, _ Road) error {
			days, err := parseDays(s)
			if err != nil || days == 0 {
				return err
			}
			if o.Grace.Days == nil {
				o.Grace.Days = map[scan.Severity]int{}
			}
			o.Grace.Days[severity] = days
			return nil
		}),
		loose:   func(o Options) float64 { return float64(o.Grace.Days[severity]) },
		weakens: blocking,
	}
}

// checkGrace refuses days of grace that postpone nothing, for whoever wrote them
// believes otherwise. What makes them so must be the file itself: a profile, a
// build argument or a flag may raise a threshold above them.
func (v Values) checkGrace(opts Options, said settings, profile string) error {
	for _, severity := range scan.Severities() {
		if opts.Grace.Days[severity] == 0 || opts.Thresholds.blocks(severity) {
			continue
		}
		o, _ := optionNamed("grace." + severity.String())
		s := said.of(o)[0]
		if s.at.policy || v.fileBlocks(severity, profile) || s.at.within == "" && v.fileBlocks(severity, "") {
			continue
		}
		return o.fail(s, errors.Errorf("has no effect: findings of severity %s do not block, %s is %s", severity, blockImage, opts.Thresholds.Image.Block))
	}
	return nil
}

// fileBlocks says whether findings of a severity block by what the file itself
// says under a profile.
func (v Values) fileBlocks(s scan.Severity, profile string) bool {
	file := v
	file.settings = v.onlyFile()
	o, _, err := file.optionsOf(profile)
	return err == nil && o.Thresholds.blocks(s)
}

// blocks says whether findings of a severity block somewhere.
func (t Thresholds) blocks(s scan.Severity) bool {
	return t.Image.Block.Reached(s) || t.Base.Block.Reached(s) || t.Stages.Block.Reached(s)
}

// epssNumber is how a probability is written.
var epssNumber = regexp.MustCompile(`^[0-9]*\.?[0-9]+$`)

func parseEPSS(s string) (float64, error) {
	if equalFold(s, "off") {
		return 0, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !epssNumber.MatchString(s) || f <= 0 || f > 1 {
		return 0, errors.Errorf("%q is no probability, want a number above 0 and up to 1, or off", shorten(s))
	}
	return f, nil
}

func parseHelpURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case len(s) > maxURLLength:
		return "", errors.Errorf("is longer than %d bytes", maxURLLength)
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", strings.ContainsAny(s, " \t\r\n"):
		return "", errors.Errorf("%s is not an https URL with a host", quoteRef(shorten(s)))
	case u.User != nil:
		return "", errors.New("carries a user or password, which everybody would see")
	}
	return s, nil
}

// licenseGlob is what SPDX identifiers are made of, and *.
var licenseGlob = regexp.MustCompile(`^[A-Za-z0-9.+*-]+$`)

func setLicenses(o *Options, s setting) error {
	return eachValue(s, "licences", func(text string) error {
		if len(text) > maxGlob || !licenseGlob.MatchString(text) {
			return errors.Errorf("%q is no SPDX identifier, want e.g. AGPL-3.0-*", shorten(text))
		}
		o.DeniedLicenses = appendNew(o.DeniedLicenses, text)
		return nil
	})
}
