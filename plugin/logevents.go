package plugin

import "log/slog"

// event is something that --log-format json tells. The types below are the whole
// list: their names, their fields and what these mean are a promise to whoever
// reads logs. README.md has them as a table, which a test compares with the types.
// Fields are added; none is renamed, removed or given another meaning.
type event interface {
	// kind is the event's name and how bad it is.
	kind() (string, slog.Level)
}

// declaredEvents has one of each type of event, in the order of a run.
func declaredEvents() []event {
	return []event{
		buildStarted{}, buildStep{}, buildOutput{},
		scanStarted{}, scanLayer{}, findingEvent{}, scanFinished{},
		imagePushed{}, attestationsSigned{}, noticeEvent{}, warningEvent{},
		buildFinished{}, policyBlocked{}, scanFailed{}, buildFailed{}, buildInterrupted{}, commandFailed{},
	}
}

type buildStarted struct {
	Command string   `json:"command" doc:"build or bake"`
	Targets []string `json:"targets" doc:"what is built: the bake targets, or default"`
	Version string   `json:"version" doc:"of this program"`
}

func (buildStarted) kind() (string, slog.Level) { return "build.started", slog.LevelInfo }

// The states of a step.
const (
	stepStarted  = "started"
	stepFinished = "finished"
	stepFailed   = "failed"
)

type buildStep struct {
	Step     string `json:"step" doc:"digest of the operation; the same operation has the same in every run"`
	Name     string `json:"name" doc:"as the progress display shows it; the scan's own begin with [scan]"`
	Status   string `json:"status" doc:"started, finished or failed"`
	Cached   bool   `json:"cached" doc:"nothing was run"`
	Duration int64  `json:"durationMs,omitempty" doc:"milliseconds"`
	Message  string `json:"message,omitempty" doc:"why it failed"`
}

func (e buildStep) kind() (string, slog.Level) {
	if e.Status == stepFailed {
		return "build.step", slog.LevelError
	}
	return "build.step", slog.LevelInfo
}

type buildOutput struct {
	Step    string `json:"step" doc:"digest of the operation"`
	Stream  string `json:"stream" doc:"stdout or stderr"`
	Message string `json:"message" doc:"a line that the operation printed"`
}

func (buildOutput) kind() (string, slog.Level) { return "build.output", slog.LevelInfo }

type scanStarted struct {
	Target string `json:"target" doc:"the bake target, or default"`
}

func (scanStarted) kind() (string, slog.Level) { return "scan.started", slog.LevelInfo }

type scanLayer struct {
	Target      string `json:"target" doc:"the bake target, or default"`
	Platform    string `json:"platform" doc:"e.g. linux/amd64"`
	Stage       string `json:"stage" doc:"the stage whose layer it is"`
	Digest      string `json:"digest,omitempty" doc:"of a base image's layer, or of the operation that makes it"`
	Instruction string `json:"instruction,omitempty" doc:"the Dockerfile's text"`
	Base        string `json:"base,omitempty" doc:"the base image that brought it"`
	File        string `json:"file,omitempty" doc:"the Dockerfile"`
	Line        int    `json:"line,omitempty" doc:"the instruction's first line"`
	Changed     int    `json:"changed" doc:"files that the layer created or changed"`
	Visited     int    `json:"visited" doc:"directory entries that were looked at"`
}

func (scanLayer) kind() (string, slog.Level) { return "scan.layer", slog.LevelInfo }

// The kinds of findings.
const (
	kindVulnerability    = "vulnerability"
	kindSecret           = "secret"
	kindMisconfiguration = "misconfiguration"
	kindExternal         = "external"
	kindViolation        = "violation"
)

type findingEvent struct {
	Target   string `json:"target" doc:"the bake target, or default"`
	Platform string `json:"platform,omitempty" doc:"e.g. linux/amd64"`
	Stage    string `json:"stage,omitempty" doc:"the stage that has it; the final one if several do"`
	Type     string `json:"type" doc:"vulnerability, secret, misconfiguration, external (of an analyzer that the user brought) or violation (of a rule about no single finding)"`
	Action   string `json:"action" doc:"deny or warn"`
	Rule     string `json:"rule" doc:"the policy's rule that decided"`
	ID       string `json:"id" doc:"of the vulnerability, the secret's rule, the check, or the analyzer's rule"`
	Severity string `json:"severity,omitempty" doc:"critical, high, medium, low, negligible or unknown"`
	Package  string `json:"package,omitempty" doc:"name"`
	Version  string `json:"version,omitempty" doc:"that is installed"`
	Fixed    string `json:"fixed,omitempty" doc:"versions that mend it, separated by commas"`
	Path     string `json:"path,omitempty" doc:"in the image"`
	File     string `json:"file,omitempty" doc:"the Dockerfile"`
	Line     int    `json:"line,omitempty" doc:"of the instruction to change"`
	Message  string `json:"message,omitempty" doc:"why, in a sentence"`
}

func (e findingEvent) kind() (string, slog.Level) {
	if e.Action == "deny" {
		return "finding", slog.LevelError
	}
	return "finding", slog.LevelWarn
}

type scanFinished struct {
	Target    string         `json:"target" doc:"the bake target, or default"`
	Platforms []string       `json:"platforms" doc:"that were scanned"`
	Outcome   string         `json:"outcome" doc:"pass, warn or block"`
	Counts    map[string]int `json:"counts" doc:"findings of the image by severity"`
	Ignored   map[string]int `json:"ignored,omitempty" doc:"what was taken out of account, by rule"`
	Database  string         `json:"database,omitempty" doc:"when the vulnerability database was built"`
	Policy    string         `json:"policy,omitempty" doc:"digest of the policy and its options"`
	Duration  int64          `json:"durationMs" doc:"milliseconds"`
}

func (scanFinished) kind() (string, slog.Level) { return "scan.finished", slog.LevelInfo }

type imagePushed struct {
	Target string `json:"target" doc:"the bake target, or default"`
	Image  string `json:"image" doc:"the name that was given"`
	Digest string `json:"digest" doc:"what the registry has"`
}

func (imagePushed) kind() (string, slog.Level) { return "image.pushed", slog.LevelInfo }

type attestationsSigned struct {
	Image string `json:"image" doc:"by digest"`
	Count int    `json:"count" doc:"signatures written"`
}

func (attestationsSigned) kind() (string, slog.Level) { return "attestations.signed", slog.LevelInfo }

type noticeEvent struct {
	Target  string `json:"target,omitempty" doc:"the bake target, or default"`
	Message string `json:"message" doc:"what a user should know"`
}

func (noticeEvent) kind() (string, slog.Level) { return "notice", slog.LevelInfo }

type warningEvent struct {
	Message string `json:"message" doc:"of the Dockerfile frontend, or of this program"`
	File    string `json:"file,omitempty" doc:"the Dockerfile"`
	Line    int    `json:"line,omitempty" doc:"that it is about"`
	URL     string `json:"url,omitempty" doc:"that explains it"`
}

func (warningEvent) kind() (string, slog.Level) { return "warning", slog.LevelWarn }

type buildFinished struct {
	ExitCode int   `json:"exitCode" doc:"0"`
	Duration int64 `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (buildFinished) kind() (string, slog.Level) { return "build.finished", slog.LevelInfo }

type policyBlocked struct {
	Target            string         `json:"target,omitempty" doc:"the bake target, or default; empty for verify"`
	Message           string         `json:"message" doc:"what blocks, in a sentence"`
	Vulnerabilities   map[string]int `json:"vulnerabilities,omitempty" doc:"that block, by severity"`
	Secrets           int            `json:"secrets,omitempty" doc:"that block"`
	Misconfigurations int            `json:"misconfigurations,omitempty" doc:"that block"`
	External          int            `json:"external,omitempty" doc:"that block"`
	Violations        int            `json:"violations,omitempty" doc:"that block"`
	ExitCode          int            `json:"exitCode" doc:"2"`
	Duration          int64          `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (policyBlocked) kind() (string, slog.Level) { return "policy.blocked", slog.LevelError }

type scanFailed struct {
	Message  string `json:"message" doc:"why there is no scan, no report or no signature"`
	ExitCode int    `json:"exitCode" doc:"3"`
	Duration int64  `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (scanFailed) kind() (string, slog.Level) { return "scan.failed", slog.LevelError }

type buildFailed struct {
	Message  string `json:"message" doc:"why"`
	File     string `json:"file,omitempty" doc:"the Dockerfile"`
	Line     int    `json:"line,omitempty" doc:"of the instruction that failed"`
	ExitCode int    `json:"exitCode" doc:"1, or what a check returned"`
	Duration int64  `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (buildFailed) kind() (string, slog.Level) { return "build.failed", slog.LevelError }

type buildInterrupted struct {
	Message  string `json:"message" doc:"why"`
	ExitCode int    `json:"exitCode" doc:"130"`
	Duration int64  `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (buildInterrupted) kind() (string, slog.Level) { return "build.interrupted", slog.LevelError }

type commandFailed struct {
	Message  string `json:"message" doc:"why: flags that make no sense, or a command other than build and bake failed"`
	ExitCode int    `json:"exitCode" doc:"1"`
	Duration int64  `json:"durationMs" doc:"milliseconds of the whole run"`
}

func (commandFailed) kind() (string, slog.Level) { return "command.failed", slog.LevelError }
